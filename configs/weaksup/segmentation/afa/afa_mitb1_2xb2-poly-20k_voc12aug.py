# AFA with the constants of its public code on MiT-B1: crops of 320, maps of 1/16, thresholds 0.35 and 0.55, 2,000 steps
# of the classifier alone, spread maps from step 6,000 on. Starts from weights of ImageNet: --cfg-options
# load_from=FILE. Ours: photos are scaled until they cover the crop, and tested as squares.
_base_ = [
    '../../../_base_/datasets/voc12aug_tags.py', '../../../_base_/schedules/single_stage_segmentation.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='AFA',
    backbone=dict(type='MixTransformer', arch='b1', strides=(4, 2, 2, 1)),
    head=dict(type='AFAHead', num_classes=20, decoder=dict(type='SegFormerHead', channels=256)),
    assignment_scales=(1.0, 0.5, 1.5),
    low=0.35,
    high=0.55,
    radius=8,
    power=2,
    warmup=2000 / 20000,
    spread_from=6000 / 20000,
    segmentation_weight=0.1,
    affinity_weight=0.1,
    scales=(1.0, 0.5, 1.5),
    flip=True,
    crf='seam')
train_dataloader = dict(
    batch_size=2,
    dataset=dict(pipeline=[
        dict(type='RandomScale', size=(2048, 512), factors=(0.64, 2.0)),
        dict(type='RandomCropTagged', size=320),
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
        pipeline=[dict(type='ResizeToSquare', size=512)]))
test_evaluator = dict(type='IoUMetric', num_classes=21)
test_cfg = dict()

optim_wrapper = dict(paramwise_cfg=dict(norm_lr_mult=0.0, custom_keys={'attention_projection': dict(lr_mult=10.0)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, end=1500),
    dict(type='PolyLR', power=1.0, by_epoch=False, begin=1500),
]
train_cfg = dict(max_iters=20000)
