# Features of items of which some have a class and others a cluster, as `mmwsl extract` and `mmwsl cluster` write them,
# and features of others to test on.
data_preprocessor = dict(type='BaseDataPreprocessor')
benchmark = dict(dataset='features')
train_dataloader = dict(
    num_workers=0,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='FeatureRows',
        features='data/features/train.npz',
        clusters='data/features/clusters.npy',
        supervision='image',
        max_clusters=1000))
test_dataloader = dict(
    batch_size=1000,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(type='FeatureRows', features='data/features/test.npz'))
test_evaluator = dict(type='AccuracyMetric')
test_cfg = dict()
