# No published recipe exists at 32 px: colours at 8 x 8 places.
_base_ = [
    '../../_base_/models/colorization.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/adamw_cos_200e.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=18, stem='cifar', in_channels=1),
    head=dict(in_channels=512, channels=[256]))
data_preprocessor = dict(
    mean=[0, 0, 0], std=[255, 255, 255],
    views=[[dict(type='RandomResizedCrop', size=32, scale=(0.5, 1.0), flip_prob=0.5)]])

default_hooks = dict(checkpoint=dict(interval=10))
