# After the setting of lightly's CIFAR-10 benchmark, but with CIFAR-10's own mean and std and the cosine taken per step.
# SGD lr 0.06 per 128 images, cosine without warm-up, T 0.5, no blur.
_base_ = [
    '../../_base_/models/simclr.py', '../../_base_/datasets/cifar10_simclr.py',
    '../../_base_/schedules/sgd_cos_200e_b512.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar'),
    neck=dict(in_channels=512, hidden_channels=512, last_norm=False, last_bias=True),
    temperature=0.5)
train_dataloader = dict(batch_size=512)

default_hooks = dict(checkpoint=dict(interval=10))
