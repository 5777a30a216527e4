# ResNet-50-C4 with a norm after the last stage, all layers trained: the detector of MoCo's evaluation.
model = dict(
    type='TwoStageDetector',
    backbone=dict(type='ResNet', depth=50, out_indices=(3,), norm_cfg=dict(type='SyncBN')),
    rpn_head=dict(type='RPNHead', in_channels=1024),
    box_head=dict(type='BoxHead', in_channels=2048, num_classes=20, size=0, fc_channels=()),
    region_strides=(16,),
    region_size=14,
    last_stage='layer4',
    last_norm_cfg=dict(type='SyncBN'))
