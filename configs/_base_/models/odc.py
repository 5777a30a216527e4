model = dict(
    type='ODC',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN')),
    neck=dict(
        type='ODCNeck', in_channels=2048, hidden_channels=512, out_channels=256,
        norm_cfg=dict(type='SyncBN', momentum=0.001)),
    head=dict(type='ClassificationHead', in_channels=256, num_classes=10000),
    num_images=1281167,
    momentum=0.5,
    min_cluster=20,
    kmeans=dict(iterations=20))
