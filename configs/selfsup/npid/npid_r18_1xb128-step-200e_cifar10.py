# The authors' CIFAR-10 setting (full softmax over all images, no flips, lr 0.03 with steps at 80, 120 and 160), but
# with CIFAR-10's own std.
_base_ = ['../../_base_/models/npid.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(depth=18, stem='cifar'),
    neck=dict(in_channels=512),
    bank=dict(length=50000),
    temperature=0.1,
    negatives=None)
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.2, 1.0), flip_prob=0.0),
        dict(type='RandomGrayscale', prob=0.2),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4),
    ]])
train_dataloader = dict(batch_size=128)

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[80, 120, 160], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=128)
default_hooks = dict(checkpoint=dict(interval=10))
