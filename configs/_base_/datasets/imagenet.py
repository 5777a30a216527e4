data_root = 'data/imagenet'

data_preprocessor = dict(
    type='ViewPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    channels_last=True)

train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ImageFolder',
        data_root=data_root + '/train',
        supervision='none',
        pipeline=[dict(type='RandomCrops', num_views=2, size=224, scale=(0.2, 1.0), flip_prob=0.5)]))

benchmark = dict(
    dataset='ImageNet',
    batch_size=256,
    num_workers=8,
    train=dict(
        type='ImageFolder',
        data_root=data_root + '/train',
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)]),
    test=dict(
        type='ImageFolder',
        data_root=data_root + '/val',
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)]),
    protocols=dict(knn=dict(preset='dino'), linear=dict()))
