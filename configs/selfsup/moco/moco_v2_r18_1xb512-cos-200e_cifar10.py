# After the setting of lightly's CIFAR-10 benchmark, but with CIFAR-10's own mean and std and the cosine taken per step.
# symmetric, queue 8192, T 0.1, momentum 0.99, split BN of 8 groups.
_base_ = [
    '../../_base_/models/moco_v2.py', '../../_base_/datasets/cifar10_simclr.py',
    '../../_base_/schedules/sgd_cos_200e_b512.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', norm_cfg=dict(batch_per_split=64)),
    neck=dict(in_channels=512, hidden_channels=512),
    queue=dict(length=8192),
    temperature=0.1,
    momentum=0.99,
    symmetric=True)
train_dataloader = dict(batch_size=512)

default_hooks = dict(checkpoint=dict(interval=10))
