# After the setting of lightly's CIFAR-10 benchmark, but with CIFAR-10's own mean and std and the cosine taken per step.
# A projector of two layers, lambda 0.005, BYOL's views without blur.
_base_ = [
    '../../_base_/models/barlow_twins.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/sgd_cos_200e_b512.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', zero_init_residual=False),
    neck=dict(in_channels=512, hidden_channels=2048, out_channels=2048, num_layers=2),
    off_diagonal_weight=0.005)
crop = dict(type='RandomResizedCrop', size=32, scale=(0.08, 1.0), flip_prob=0.5)
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(views=[[crop, jitter], [crop, jitter, dict(type='RandomSolarize', prob=0.2)]])
train_dataloader = dict(batch_size=512)

default_hooks = dict(checkpoint=dict(interval=10))
