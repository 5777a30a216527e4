# LargeFOV on the network of ImageNet, for a CPU: maps are of 1/16, so that a dilation of 2 sees what 5 sees on 1/8.
_base_ = './fcn_efficientnetlite0_1xb8-cos-40e_voc07.py'

model = dict(
    head=dict(
        _delete_=True,
        type='LargeFOVHead',
        num_classes=21,
        channels=128,
        dilations=(2, 2),
        dropout=0.1,
        norm_cfg=dict(type='BN')))
