# After the setting of lightly's CIFAR-10 benchmark, but with CIFAR-10's own mean and std and the cosine taken per step.
# Two crops, BN in the head, 2048 prototypes, constant momentum 0.99 and teacher temperature 0.04, no blur.
_base_ = [
    '../../_base_/models/dino.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/sgd_cos_200e_b512.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=18, stem='cifar', norm_cfg=dict(type='SyncBN')),
    head=dict(in_channels=512, out_channels=2048, norm_cfg=dict(type='SyncBN')),
    momentum=0.99,
    end_momentum=None)
crop = dict(type='RandomResizedCrop', size=32, scale=(0.4, 1.0), flip_prob=0.5)
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(views=[[crop, jitter], [crop, jitter, dict(type='RandomSolarize', prob=0.2)]])
train_dataloader = dict(batch_size=512)

default_hooks = dict(checkpoint=dict(interval=10))
