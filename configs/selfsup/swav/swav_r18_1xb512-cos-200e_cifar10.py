# After the setting of lightly's CIFAR-10 benchmark, but with CIFAR-10's own mean and std and the cosine taken per step.
# Two crops, 512 prototypes, no queue, Adam lr 0.001 per 128 images.
_base_ = ['../../_base_/models/swav.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(depth=18, stem='cifar', zero_init_residual=False),
    neck=dict(in_channels=512, hidden_channels=512),
    num_prototypes=512)
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.14, 1.0), flip_prob=0.5),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
    ]] * 2)
train_dataloader = dict(batch_size=512)

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=4e-3, weight_decay=1e-6))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=512)
default_hooks = dict(checkpoint=dict(interval=10))
