# YOLACT on a ResNet-50: a pyramid of five maps from 1/8, square anchors as in the published weights, 32 prototypes.
# The published training starts from ImageNet:
# --cfg-options "model.backbone.init_cfg=dict(type='Pretrained', checkpoint='FILE')"
model = dict(
    type='YOLACT',
    backbone=dict(
        type='ResNet',
        depth=50,
        out_indices=(2, 3, 4),
        norm_cfg=dict(type='BN')),
    neck=dict(type='FPN', out_channels=256, num_outs=5, interpolation='bilinear', extra_convs=True, relu=True),
    head=dict(type='YOLACTHead', in_channels=256, num_classes=80, scales=(24, 48, 96, 192, 384)),
    mask_branch=dict(type='PrototypeMasks', num_prototypes=32, channels=256),
    min_size=4)
