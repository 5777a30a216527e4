model = dict(
    type='MoCo',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SplitBN', batch_per_split=32)),
    neck=dict(type='MLPNeck', in_channels=2048, out_channels=128, num_layers=1),
    queue=dict(type='FeatureQueue', length=65536, channels=128),
    temperature=0.07,
    momentum=0.999)
