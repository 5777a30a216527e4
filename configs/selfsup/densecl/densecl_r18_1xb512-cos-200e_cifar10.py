# None is published: the setting of moco_v2_r18_1xb512-cos-200e_cifar10 in one direction, maps of 4 x 4 places.
_base_ = [
    '../../_base_/models/densecl.py', '../../_base_/datasets/cifar10_simclr.py',
    '../../_base_/schedules/sgd_cos_200e_b512.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', norm_cfg=dict(batch_per_split=64)),
    neck=dict(in_channels=512, hidden_channels=512),
    queue=dict(length=8192),
    dense_queue=dict(length=8192),
    temperature=0.1,
    momentum=0.99)
train_dataloader = dict(batch_size=512)

default_hooks = dict(checkpoint=dict(interval=10))
