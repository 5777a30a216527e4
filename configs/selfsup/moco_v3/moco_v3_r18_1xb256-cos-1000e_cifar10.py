# After solo-learn's setting, but with a stem of padding 1.
_base_ = [
    '../../_base_/models/moco_v3.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/lars_cos_1000e_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', zero_init_residual=False), neck=dict(in_channels=512), temperature=0.2)
crop = dict(type='RandomResizedCrop', size=32, scale=(0.08, 1.0), flip_prob=0.5, interpolation='bicubic')
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(views=[[crop, jitter], [crop, jitter, dict(type='RandomSolarize', prob=0.2)]])

optim_wrapper = dict(optimizer=dict(weight_decay=1e-6))
default_hooks = dict(checkpoint=dict(interval=10))
