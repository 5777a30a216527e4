# The first three stages of a ResNet-18 of base width 16, to a map of a quarter of the side, and one layer on regions.
model = dict(
    type='WeakDetector',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(3,)),
    head=dict(type='WSDDNHead', num_classes=10),
    stride=4,
    pool='roi_align',
    region_size=3,
    fc_channels=(128,),
    dropout=0.0,
    score_threshold=1e-3)
find_unused_parameters = True  # of the fourth stage
