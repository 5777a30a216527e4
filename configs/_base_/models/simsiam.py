model = dict(
    type='SimSiam',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN'), zero_init_residual=True),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=2048,
        out_channels=2048,
        num_layers=3,
        norm_cfg=dict(type='SyncBN'),
        last_norm=True,
        last_affine=False,
        last_bias=False),
    head=dict(
        type='MLPNeck', in_channels=2048, hidden_channels=512, out_channels=2048, norm_cfg=dict(type='SyncBN')))
