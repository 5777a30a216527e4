# Persons of Market-1501 by six cameras, 256 x 128 pixels: 751 to train on, 750 others to search for. DukeMTMC-reID has
# the same folders and 702 persons to train on: --cfg-options model.head.num_classes=702 benchmark.dataset=DukeMTMC-reID
# train_dataloader.dataset.data_root=DIR benchmark.train.data_root=DIR benchmark.test.data_root=DIR
data_root = 'data/market1501'
upright = [dict(type='ResizeToShape', height=256, width=128)]

data_preprocessor = dict(
    type='ViewPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    channels_last=True,
    views=[[dict(type='RandomResizedCrop', size=(256, 128), scale=(0.64, 1.0), ratio=(1 / 3, 1 / 2), flip_prob=0.5)]])
train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(type='Market1501', split='train', data_root=data_root, supervision='image', pipeline=upright))
benchmark = dict(
    dataset='Market-1501',
    batch_size=256,
    num_workers=8,
    # retrieval learns nothing of the training images
    train=dict(type='Market1501', split='train', data_root=data_root, pipeline=upright, max_images=256),
    test=dict(type='Market1501', split='test', data_root=data_root, pipeline=upright),
    protocols=dict(retrieval=dict(same_camera=False)))
del upright
