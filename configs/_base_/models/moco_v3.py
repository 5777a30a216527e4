# With ResNet-50. No linear layer has a bias.
norm_cfg = dict(type='SyncBN')
model = dict(
    type='MoCoV3',
    backbone=dict(type='ResNet', depth=50, norm_cfg=norm_cfg, zero_init_residual=True),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=4096,
        out_channels=256,
        num_layers=2,
        norm_cfg=norm_cfg,
        last_norm=True,
        last_affine=False,
        last_bias=False),
    head=dict(
        type='MLPNeck', in_channels=256, hidden_channels=4096, out_channels=256, norm_cfg=norm_cfg, last_bias=False),
    temperature=1.0,
    momentum=0.99,
    end_momentum=1.0)
