model = dict(
    type='DeepCluster',
    backbone=dict(type='ResNet', depth=50, in_channels=2),
    head=dict(type='ClassificationHead', in_channels=2048, num_classes=10000),
    num_images=1281167,
    sobel=True,
    pca_dims=256,
    kmeans=dict(iterations=20))
