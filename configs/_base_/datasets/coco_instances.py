# Boxes and masks of COCO 2017.
data_root = 'data/coco'

data_preprocessor = dict(type='DetectionPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='COCO',
        ann_file=data_root + '/annotations/instances_train2017.json',
        data_prefix=data_root + '/train2017',
        supervision='full',
        drop_empty=True,
        pipeline=[
            dict(type='ResizeShortEdge', short=list(range(640, 801, 32)), longest=1333),
            dict(type='RandomFlip', prob=0.5),
        ]))
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='COCO',
        ann_file=data_root + '/annotations/instances_val2017.json',
        data_prefix=data_root + '/val2017',
        supervision='boxes',
        pipeline=[dict(type='ResizeShortEdge', short=800, longest=1333)]))
test_evaluator = dict(
    type='COCOMetric', ann_file=data_root + '/annotations/instances_val2017.json', kinds=['bbox', 'segm'])
test_cfg = dict()
benchmark = dict(dataset='COCO')
