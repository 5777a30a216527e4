# The first three stages of a ResNet-18 of base width 16, with CIFAR's stem, to a map of a quarter of the side.
model = dict(
    type='Localizer',
    backbone=dict(
        type='ResNet', depth=18, base_channels=16, stem='cifar', strides=(2, 2, 1, 1), out_indices=(3,)),
    head=dict(type='CAMHead', num_classes=10))
