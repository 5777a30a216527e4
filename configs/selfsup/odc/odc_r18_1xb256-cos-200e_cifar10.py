# No recipe is published at 32 px; this one keeps the ratio of about 100 images to a cluster. ImageNet's has three
# hundred times the steps of the small CPU recipe. For labels to settle in so few, the memory moves slowly (momentum
# 0.9), nothing is dropped, and the head learns ten times as fast as the rest.
_base_ = ['../../_base_/models/odc.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(depth=18, stem='cifar', norm_cfg=dict(type='BN')),
    neck=dict(in_channels=512, hidden_channels=256, out_channels=128, dropout=0., norm_cfg=dict(type='BN')),
    head=dict(in_channels=128, num_classes=500),
    num_images=50000,
    momentum=0.9)
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.2, 1.0), flip_prob=0.5),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
    ]])
train_dataloader = dict(batch_size=256, sampler=dict(type='EpochSampler', replacement=True))
custom_hooks = [dict(type='ClusteringHook', every=None, refresh_interval=10)]

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.6, momentum=0.9, weight_decay=1e-4),
    constructor='GroupingConstructor',
    paramwise_cfg=dict(custom_keys=dict(
        backbone=dict(lr_mult=0.1), neck=dict(lr_mult=0.1), head=dict(momentum=0.))))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
