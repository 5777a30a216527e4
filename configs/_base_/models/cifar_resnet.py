# One of CIFAR's residual networks and its classifier.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='CIFARResNet', depth=44),
    head=dict(type='ClassificationHead', num_classes=10))
