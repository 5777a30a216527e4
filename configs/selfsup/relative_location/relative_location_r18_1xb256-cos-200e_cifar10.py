# No published recipe exists at 32 px: cells of 10 px with patches of 8 px, and the optimiser of jigsaw.
_base_ = [
    '../../_base_/models/relative_location.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(depth=18, stem='cifar'),
    neck=dict(in_channels=2 * 512, out_channels=512),
    head=dict(in_channels=512),
    patch_size=8)
data_preprocessor = dict(
    views=[[dict(type='RandomHorizontalFlip', prob=0.5), dict(type='RandomGrayscale', prob=0.66)]])

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=5, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
