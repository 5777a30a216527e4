# A small recipe for a CPU: ResNet-18 of base width 16, SGD in place of LARS.
# 5 epochs x 49,920 images x 2 views x (student + teacher) = 1,022 million pixels.
_base_ = [
    '../../_base_/models/moco_v3.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/sgd_warm_cos_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, base_channels=16, stem='cifar', zero_init_residual=False),
    neck=dict(in_channels=128, hidden_channels=512),
    head=dict(hidden_channels=512),
    temperature=0.2)
crop = dict(type='RandomResizedCrop', size=32, scale=(0.08, 1.0), flip_prob=0.5, interpolation='bicubic')
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(views=[[crop, jitter], [crop, jitter, dict(type='RandomSolarize', prob=0.2)]])

optim_wrapper = dict(optimizer=dict(lr=0.12))
train_cfg = dict(max_epochs=5)
