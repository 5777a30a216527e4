# After solo-learn's setting (variance terms summed over the views), but with a stem of padding 1.
_base_ = [
    '../../_base_/models/vicreg.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/lars_cos_1000e_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', zero_init_residual=False),
    neck=dict(in_channels=512, hidden_channels=2048, out_channels=2048),
    halve_variance=False)
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.2, 1.0), flip_prob=0.5, interpolation='bicubic'),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2),
        dict(type='RandomSolarize', prob=0.1),
    ]] * 2)
default_hooks = dict(checkpoint=dict(interval=10))
