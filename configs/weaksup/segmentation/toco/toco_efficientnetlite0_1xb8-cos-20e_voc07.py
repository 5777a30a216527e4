# ToCo on the network of ImageNet, for a CPU; data, schedule, maps and their scores as in CoSA's config. Thresholds are
# ours.
_base_ = '../cosa/cosa_efficientnetlite0_1xb8-cos-20e_voc07.py'

model = dict(
    _delete_=True,
    type='ToCo',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(4, 5),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    head=dict(
        type='TwoMapHead',
        num_classes=20,
        decoder=dict(type='LargeFOVHead', channels=128, dilations=(2, 2), norm_cfg=dict(type='BN'))),
    projector=dict(type='MLPNeck', hidden_channels=256, out_channels=128, norm_cfg=None),
    warmup=0.3,
    scores='mean',
    assignment_scales=(1.5,),
    low=0.3,
    high=0.5,
    refine=True,
    crops=6,
    regularization_weight=0.0,
    scales=(1.0, 1.5),
    flip=True)
data_preprocessor = dict(
    _delete_=True,
    type='ViewPreprocessor',
    mean=[127.0] * 3,
    std=[128.0] * 3,
    channels_last=True,
    views=[[dict(type='RandomResizedCrop', size=256, scale=(0.4, 1.0), flip_prob=0.5)]])
