# No published recipe exists at 32 px: predictions at 8 x 8 places.
_base_ = [
    '../../_base_/models/split_brain.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/adamw_cos_200e.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=18, stem='cifar'),
    color_head=dict(in_channels=256, channels=[128]),
    lightness_head=dict(in_channels=256, channels=[128]))
data_preprocessor = dict(
    mean=[0, 0, 0], std=[255, 255, 255],
    views=[[dict(type='RandomResizedCrop', size=32, scale=(0.5, 1.0), flip_prob=0.5)]])

default_hooks = dict(checkpoint=dict(interval=10))
