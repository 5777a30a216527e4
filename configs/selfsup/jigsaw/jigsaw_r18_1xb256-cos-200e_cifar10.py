# No published recipe exists at 32 px: a grid of 2 x 2 (all 24 orders), cells of 16 px with patches of 14.
_base_ = ['../../_base_/models/jigsaw.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(depth=18, stem='cifar'),
    neck=dict(in_channels=512, out_channels=256),
    head=dict(in_channels=4 * 256, num_classes=24),
    patch_size=14,
    grid=2,
    permutations=24)
data_preprocessor = dict(
    views=[[dict(type='RandomHorizontalFlip', prob=0.5), dict(type='RandomGrayscale', prob=0.66)]])

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.25, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=5, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
