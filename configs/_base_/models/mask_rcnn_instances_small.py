# Mask R-CNN for pictures of 128 pixels, on the backbone, the maps and the sizes of anchors of yolact_small.py.
model = dict(
    type='TwoStageDetector',
    backbone=dict(type='ResNet', depth=18, base_channels=16, out_indices=(2, 3, 4), norm_cfg=dict(type='BN')),
    neck=dict(type='FPN', out_channels=48, num_outs=3, norm_cfg=dict(type='BN')),
    rpn_head=dict(
        type='RPNHead',
        in_channels=48,
        strides=(8, 16, 32),
        sizes=((24,), (48,), (96,)),
        pre_nms=(300, 200),
        post_nms=(100, 60)),
    box_head=dict(type='BoxHead', in_channels=48, num_classes=5, fc_channels=(128,), batch=48),
    mask_head=dict(type='MaskHead', in_channels=48, num_classes=5, conv_channels=(48, 48), channels=48),
    region_strides=(8, 16, 32),
    region_size=7,
    finest_scale=32)
