# ImageNet with its labels, to train a classifier on and to score it: random crops, and one central crop in the test.
data_root = 'data/imagenet'

data_preprocessor = dict(
    type='ViewPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    channels_last=True,
    views=[[]])
train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ImageFolder',
        data_root=data_root + '/train',
        supervision='image',
        pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))
test_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ImageFolder',
        data_root=data_root + '/val',
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)]))
test_evaluator = dict(type='AccuracyMetric')
test_cfg = dict()
benchmark = dict(dataset='ImageNet')
