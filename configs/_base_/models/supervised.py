model = dict(
    type='Supervised',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN')),
    head=dict(type='ClassificationHead', in_channels=2048, num_classes=1000))
