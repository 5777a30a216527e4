# YOLACT for pictures of 128 pixels: a narrow ResNet-18, a pyramid on its maps of 1/8 to 1/32, masks of 32 x 32.
model = dict(
    type='YOLACT',
    backbone=dict(type='ResNet', depth=18, base_channels=16, out_indices=(2, 3, 4), norm_cfg=dict(type='BN')),
    neck=dict(type='FPN', out_channels=48, num_outs=3, interpolation='bilinear', relu=True),
    head=dict(
        type='YOLACTHead',
        in_channels=48,
        num_classes=5,
        scales=(24, 48, 96),
        square_anchors=False,
        max_candidates=200),
    mask_branch=dict(type='PrototypeMasks', num_prototypes=8, channels=48, relu=False))
