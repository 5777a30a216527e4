model = dict(
    type='RelativeLocation',
    backbone=dict(type='ResNet', depth=50),
    neck=dict(type='PairNeck', in_channels=2 * 2048, out_channels=4096),
    head=dict(type='ClassificationHead', in_channels=4096, num_classes=8, init_std=0.005),
    patch_size=64)
