# One linear layer on the average of a frozen ResNet-50's last map.
model = dict(
    type='ImageClassifier',
    frozen=True,
    backbone=dict(type='ResNet', depth=50),
    head=dict(type='ClassificationHead', num_classes=1000))
