# Group norm of one group is layer norm: batch statistics would tell of an image's other patches.
model = dict(
    type='CPC',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='GN', num_groups=1)),
    context=dict(type='RowContext', channels=2048, hidden_channels=256, num_blocks=5),
    patch_size=64,
    stride=32,
    crop=60,
    steps=(1, 2, 3, 4, 5))
