# A learning rate of 0.1 is too high for the start of so deep a network (He et al. 2016, section 4.2: 0.01 for about 400
# steps); it grows over the first epoch here, which has 390.
_base_ = './resnet_r44_1xb128-step-300e_cifar100.py'

model = dict(backbone=dict(depth=110))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[150, 225], gamma=0.1),
]
