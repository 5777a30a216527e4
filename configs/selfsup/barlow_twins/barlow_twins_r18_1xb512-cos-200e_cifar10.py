# After the setting of lightly's CIFAR-10 benchmark, but with CIFAR-10's own mean and std and the cosine taken per step.
# A projector of two layers, lambda 0.005, BYOL's views without blur.
_base_ = [
    '../../_base_/models/barlow_twins.py', '../../_base_/datasets/cifar10_byol.py',
    '../../_base_/schedules/sgd_cos_200e_b512.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', zero_init_residual=False),
    neck=dict(in_channels=512, hidden_channels=2048, out_channels=2048, num_layers=2),
    off_diagonal_weight=0.005)
train_dataloader = dict(batch_size=512)

default_hooks = dict(checkpoint=dict(interval=10))
