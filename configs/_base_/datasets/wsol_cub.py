# CUB-200-2011 in the layout of the WSOL benchmark (Choe et al. 2020): tags to train with, boxes to test. The text files
# are the folder `metadata` of its repository, clovaai/wsolevaluation; the images lie as its README says. Whatever a
# choice is made by belongs to the split `val`.
data_root = 'data/wsol/CUB'
metadata = 'data/wsol/metadata/CUB'

data_preprocessor = dict(
    type='ViewPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    views=[[]],
    channels_last=True)

train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='WSOLBenchmark',
        data_root=data_root,
        metadata=metadata + '/train',
        supervision='image',
        pipeline=[
            dict(type='ResizeToSquare', size=256),
            dict(type='RandomFlip', prob=0.5),
            dict(type='ResizeRandomCrop', resize=256, crop=224),
        ]))
test_dataloader = dict(
    batch_size=64,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='WSOLBenchmark',
        data_root=data_root,
        metadata=metadata + '/test',
        supervision='boxes',
        pipeline=[dict(type='ResizeToSquare', size=224)]))
test_evaluator = dict(type='LocalizationMetric')
test_cfg = dict()
benchmark = dict(dataset='CUB')
