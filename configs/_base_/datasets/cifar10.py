data_root = 'data/cifar10'

data_preprocessor = dict(
    type='ViewPreprocessor',
    mean=[125.307, 122.961, 113.8575],
    std=[62.985, 62.0925, 66.7080],
    channels_last=True)

train_dataloader = dict(
    batch_size=256,
    num_workers=0,  # the whole set is one tensor in memory, a batch one indexing operation
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(type='CIFAR10', data_root=data_root, split='train', supervision='none'))

benchmark = dict(
    dataset='CIFAR-10',
    batch_size=500,
    train=dict(type='CIFAR10', data_root=data_root, split='train'),
    test=dict(type='CIFAR10', data_root=data_root, split='test'),
    protocols=dict(
        knn=dict(k=(20, 200), temperature=0.1),
        linear=dict(),
        svm=dict(costs='quick', max_train_images=10000)))
