# Five linear classifiers on a frozen ResNet-50, of the stem and the four stages (Goyal et al. 2019).
model = dict(
    type='ImageClassifier',
    frozen=True,
    backbone=dict(type='ResNet', depth=50, out_indices=(0, 1, 2, 3, 4)),
    head=dict(type='MultiLayerHead', num_classes=1000, layers=(0, 1, 2, 3, 4), pooling='openselfsup'))
