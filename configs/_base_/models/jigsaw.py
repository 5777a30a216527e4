model = dict(
    type='Jigsaw',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN')),
    neck=dict(
        type='MLPNeck', in_channels=2048, out_channels=1000, num_layers=1, last_norm=True,
        last_bias=False,
        norm_cfg=dict(type='SyncBN')),
    head=dict(type='ClassificationHead', in_channels=9000, num_classes=2000),
    patch_size=64,
    grid=3,
    permutations=2000)
