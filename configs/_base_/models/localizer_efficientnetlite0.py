# EfficientNet-Lite0 as it was trained on ImageNet, frozen, with maps of 1/16; a head is added. The weights come with
# the extra mmwsl[pretrained].
model = dict(
    type='Localizer',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    frozen=True)
