# CoSA as published: ViT-B/16 on crops of 448, the auxiliary map after block -3, all parts. Starts from weights of
# ImageNet: --cfg-options load_from=FILE. Ours: lambda (0.8, 1), epsilon 1, temperature 0.5 and the weight of the
# separation, which are not printed; photos are scaled until they cover the crop, so that none is padded; and they are
# tested as squares.
_base_ = [
    '../../../_base_/models/cosa_vitb16.py', '../../../_base_/datasets/voc12aug_tags.py',
    '../../../_base_/schedules/single_stage_segmentation.py',
    '../../../_base_/default_runtime.py'
]

data_preprocessor = dict(views=[[dict(type='GaussianBlur', prob=0.5)], [dict(type='RandomOperation')]], chained=True)
train_dataloader = dict(
    batch_size=2,
    dataset=dict(pipeline=[
        dict(type='RandomScale', size=(2048, 512), factors=(0.9, 2.0)),
        dict(type='RandomCropTagged', size=448),
        dict(type='RandomFlip', prob=0.5),
    ]))
photos = 'data/VOCdevkit/VOC2012'
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ClassMaps',
        images=photos + '/JPEGImages',
        maps=photos + '/SegmentationClass',
        list_file=photos + '/ImageSets/Segmentation/val.txt',
        classes=['background', *_base_.classes],
        supervision='full',
        pipeline=[dict(type='ResizeToSquare', size=448)]))
test_evaluator = dict(type='IoUMetric', num_classes=21)
test_cfg = dict()
