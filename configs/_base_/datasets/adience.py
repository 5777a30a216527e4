# Faces in folders of eight age groups, as Adience has them; one of its five folds lies in test, the others in train.
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[]])
train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ImageFolder',
        data_root='data/adience/train',
        supervision='image',
        pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.5, 1.0), flip_prob=0.5)]))
test_dataloader = dict(
    batch_size=128,
    num_workers=8,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ImageFolder',
        data_root='data/adience/test',
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)]))
test_evaluator = dict(type='AccuracyMetric')
test_cfg = dict()
benchmark = dict(dataset='Adience')
