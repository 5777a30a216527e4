model = dict(
    type='BYOL',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN')),
    neck=dict(
        type='MLPNeck', in_channels=2048, hidden_channels=4096, out_channels=256, norm_cfg=dict(type='SyncBN')),
    head=dict(
        type='MLPNeck', in_channels=256, hidden_channels=4096, out_channels=256, norm_cfg=dict(type='SyncBN')),
    momentum=0.99,
    end_momentum=1.0)
