# The first three stages of a ResNet-18 of base width 16, to a map of an eighth of the side.
model = dict(
    type='Localizer',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 2, 1, 1), out_indices=(3,)),
    head=dict(type='CAMHead', num_classes=10))
find_unused_parameters = True  # of the fourth stage
