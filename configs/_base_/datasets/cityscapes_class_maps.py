# Cityscapes, 19 classes; make the labelTrainIds files with its own scripts.
data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], divisor=8)
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ClassMaps',
        images='data/cityscapes/leftImg8bit/train',
        maps='data/cityscapes/gtFine/train',
        image_suffix='_leftImg8bit.png',
        map_suffix='_gtFine_labelTrainIds.png',
        supervision='full',
        pipeline=[
            dict(type='RandomScale', size=(2049, 1025), factors=(0.5, 2.0)),
            dict(type='RandomCropMap', size=769, most=0.75),
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
        images='data/cityscapes/leftImg8bit/val',
        maps='data/cityscapes/gtFine/val',
        image_suffix='_leftImg8bit.png',
        map_suffix='_gtFine_labelTrainIds.png',
        supervision='full',
        pipeline=[dict(type='RandomScale', size=(2049, 1025), factors=(1.0, 1.0))]))
test_evaluator = dict(type='IoUMetric', num_classes=19)
test_cfg = dict()
benchmark = dict(dataset='Cityscapes')
