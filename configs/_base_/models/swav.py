model = dict(
    type='SwAV',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN'), zero_init_residual=True),
    neck=dict(
        type='MLPNeck', in_channels=2048, hidden_channels=2048, out_channels=128, norm_cfg=dict(type='SyncBN')),
    num_prototypes=3000,
    temperature=0.1,
    epsilon=0.05,
    iterations=3)
