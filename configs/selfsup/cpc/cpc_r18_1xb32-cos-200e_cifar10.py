# No published recipe exists at 32 px: 6 x 6 patches of 8 px with a stride of 4, of crops of 28 px; the steps leave out
# the row that overlaps the context.
_base_ = ['../../_base_/models/cpc.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(depth=18, stem='cifar'),
    context=dict(channels=512),
    patch_size=8,
    stride=4,
    crop=7,
    steps=(2, 3, 4))
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=28, scale=(0.5, 1.0), flip_prob=0.5),
        dict(type='RandomGrayscale', prob=0.2)]])
train_dataloader = dict(batch_size=32)

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=5, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(interval=10))
