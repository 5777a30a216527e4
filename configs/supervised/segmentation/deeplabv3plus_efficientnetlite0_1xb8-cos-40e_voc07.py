# DeepLab v3+ on the network of ImageNet, for a CPU: a narrow decoder on early maps of 1/4, and dilations for maps of
# 1/16 of small crops.
_base_ = './fcn_efficientnetlite0_1xb8-cos-40e_voc07.py'

model = dict(
    backbone=dict(out_indices=(1, 5)),
    head=dict(
        _delete_=True,
        type='DeepLabV3PlusHead',
        num_classes=21,
        channels=64,
        low_channels=16,
        dilations=(2, 4, 6),
        dropout=0.1,
        norm_cfg=dict(type='BN')))
