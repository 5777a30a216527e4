# 1-Stage on the network of ImageNet, for a CPU; data and schedule as in CoSA's config, the shallow map one of 1/4.
_base_ = '../cosa/cosa_efficientnetlite0_1xb8-cos-20e_voc07.py'

model = dict(
    _delete_=True,
    type='OneStage',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(1, 5),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    head=dict(
        type='OneStageHead',
        num_classes=20,
        channels=128,
        low_channels=24,
        dilations=(2, 4, 6),
        norm_cfg=dict(type='BN')),
    warmup=0.3,
    flip=True)
data_preprocessor = dict(
    _delete_=True,
    type='ViewPreprocessor',
    mean=[127.0] * 3,
    std=[128.0] * 3,
    channels_last=True,
    views=[[dict(type='RandomResizedCrop', size=256, scale=(0.4, 1.0), flip_prob=0.5)]])
