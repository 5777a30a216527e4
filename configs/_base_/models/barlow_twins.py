model = dict(
    type='BarlowTwins',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN'), zero_init_residual=True),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=8192,
        out_channels=8192,
        num_layers=3,
        norm_cfg=dict(type='SyncBN'),
        last_bias=False),
    off_diagonal_weight=0.0051)
