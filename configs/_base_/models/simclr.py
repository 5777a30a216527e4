model = dict(
    type='SimCLR',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN')),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=2048,
        out_channels=128,
        norm_cfg=dict(type='SyncBN'),
        last_norm=True,
        last_bias=False),
    temperature=0.1)
