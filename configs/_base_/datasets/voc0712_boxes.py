# Boxes of VOC07+12 as for the published detection tables: trained on both trainval sets, tested on VOC2007's test set.
data_root = 'data/VOCdevkit'

data_preprocessor = dict(type='DetectionPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='VOC',
        data_root=data_root,
        sets=['VOC2007/trainval', 'VOC2012/trainval'],
        supervision='boxes',
        drop_empty='boxes',  # objects marked difficult are trained on
        pipeline=[
            dict(type='ResizeShortEdge', short=list(range(480, 801, 32)), longest=1333),
            dict(type='RandomFlip', prob=0.5),
        ]))
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='VOC',
        data_root=data_root,
        sets=['VOC2007/test'],
        supervision='boxes',
        pipeline=[dict(type='ResizeShortEdge', short=800, longest=1333)]))
test_evaluator = dict(type='VOCMetric')
test_cfg = dict()
benchmark = dict(dataset='VOC0712')
