# After the setting of lightly's CIFAR-10 benchmark, but with CIFAR-10's own mean and std and the cosine taken per step.
# constant momentum 0.99, BYOL's views without blur.
_base_ = [
    '../../_base_/models/byol.py', '../../_base_/datasets/cifar10_byol.py',
    '../../_base_/schedules/sgd_cos_200e_b512.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar'),
    neck=dict(in_channels=512, hidden_channels=1024),
    head=dict(hidden_channels=1024),
    end_momentum=None)
train_dataloader = dict(batch_size=512)

default_hooks = dict(checkpoint=dict(interval=10))
