# A pyramid on the last two stages of a ResNet-18 with CIFAR's stem, whose maps are of 1/4 and 1/8; for small pictures.
model = dict(
    type='TwoStageDetector',
    backbone=dict(
        type='ResNet', depth=18, stem='cifar', base_channels=16, out_indices=(3, 4), norm_cfg=dict(type='BN')),
    neck=dict(type='FPN', out_channels=64, num_outs=4, norm_cfg=dict(type='BN')),
    rpn_head=dict(
        type='RPNHead',
        in_channels=64,
        strides=(4, 8, 16, 32),
        sizes=((16,), (32,), (64,), (128,)),
        pre_nms=(500, 300),
        post_nms=(200, 100)),
    box_head=dict(type='BoxHead', in_channels=64, num_classes=20, fc_channels=(256,), batch=64),
    region_strides=(4, 8, 16),
    region_size=7,
    finest_scale=32)
