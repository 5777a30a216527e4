model = dict(
    type='DenseCL',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SplitBN', batch_per_split=32)),
    neck=dict(type='DenseNeck', in_channels=2048, hidden_channels=2048, out_channels=128),
    queue=dict(type='FeatureQueue', length=65536, channels=128),
    dense_queue=dict(type='FeatureQueue', length=65536, channels=128),
    dense_weight=0.5,
    temperature=0.2,
    momentum=0.999)
