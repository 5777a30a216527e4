# Objects of photos of COCO, a square around each; whole shapes are handed over for tests alone.
data_root = 'data/cocoa'

data_preprocessor = dict(type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ObjectCrops', size=384, margin=1.5,
        dataset=dict(
            type='COCOA', ann_file=data_root + '/COCO_amodal_train2014.json',
            data_prefix='data/coco/train2014', supervision='full')))
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='COCOA', ann_file=data_root + '/COCO_amodal_val2014.json', data_prefix='data/coco/val2014',
        supervision='full'))
test_evaluator = dict(type='SceneMetric')
test_cfg = dict()
benchmark = dict(dataset='COCOA')
