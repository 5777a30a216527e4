# No published recipe exists at 32 px: tiles of 16 px. At ten times this learning rate all counts soon become multiples
# of one number, and the features nearly so.
_base_ = ['../../_base_/models/counting.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=18, stem='cifar'),
    neck=dict(in_channels=512, hidden_channels=1024),
    tile_size=16)
data_preprocessor = dict(
    views=[[dict(type='RandomHorizontalFlip', prob=0.5), dict(type='RandomGrayscale', prob=0.67)]])

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=5, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
