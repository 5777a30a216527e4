# ResNet-50 with a pyramid, batch norm over all devices in backbone, pyramid and heads, four convolutions for the boxes.
sync = dict(type='SyncBN')
model = dict(
    type='TwoStageDetector',
    backbone=dict(type='ResNet', depth=50, out_indices=(1, 2, 3, 4), norm_cfg=sync),
    neck=dict(type='FPN', in_channels=[256, 512, 1024, 2048], out_channels=256, num_outs=5, norm_cfg=sync),
    rpn_head=dict(
        type='RPNHead',
        in_channels=256,
        strides=(4, 8, 16, 32, 64),
        sizes=((32,), (64,), (128,), (256,), (512,)),
        pre_nms=(2000, 1000),
        post_nms=(1000, 1000)),
    box_head=dict(
        type='BoxHead', in_channels=256, num_classes=80, conv_channels=(256, 256, 256, 256), fc_channels=(1024,),
        norm_cfg=sync),
    mask_head=dict(type='MaskHead', in_channels=256, num_classes=80, norm_cfg=sync),
    region_strides=(4, 8, 16, 32),
    region_size=7)
