# Class maps of VOC2012 with the extra ones of SBD (SegmentationClassAug, trainaug.txt), as
# `mmwsl prepare voc_aug VOCdevkit/VOC2012 SBD/dataset` makes them.
class_names = [
    'background', 'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow', 'diningtable',
    'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor'
]
data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], divisor=8)
train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ClassMaps',
        images='data/VOCdevkit/VOC2012/JPEGImages',
        maps='data/VOCdevkit/VOC2012/SegmentationClassAug',
        list_file='data/VOCdevkit/VOC2012/ImageSets/Segmentation/trainaug.txt',
        classes=class_names,
        supervision='full',
        pipeline=[
            dict(type='RandomScale', size=(2048, 512), factors=(0.5, 2.0)),
            dict(type='RandomCropMap', size=512, most=0.75),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PhotometricDistortion'),
        ]))
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ClassMaps',
        images='data/VOCdevkit/VOC2012/JPEGImages',
        maps='data/VOCdevkit/VOC2012/SegmentationClass',
        list_file='data/VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt',
        classes=class_names,
        supervision='full',
        pipeline=[dict(type='RandomScale', size=(2048, 512), factors=(1.0, 1.0))]))
test_evaluator = dict(type='IoUMetric', num_classes=21)
test_cfg = dict()
benchmark = dict(dataset='VOC12Aug')
