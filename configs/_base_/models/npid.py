model = dict(
    type='NPID',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN')),
    neck=dict(type='MLPNeck', in_channels=2048, out_channels=128, num_layers=1),
    bank=dict(type='FeatureBank', length=1281167, channels=128),  # a row for each image
    temperature=0.07,
    bank_momentum=0.5,
    negatives=65536)
