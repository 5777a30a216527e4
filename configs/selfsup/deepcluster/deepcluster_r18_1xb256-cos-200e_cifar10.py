# No recipe is published at 32 px; this one keeps the ratio of about 100 images to a cluster, and colours. The head has
# 195 steps to be learnt from nothing, a thirteenth of ImageNet's: its learning rate is ten times the backbone's, and
# does not fall.
_base_ = ['../../_base_/models/deepcluster.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(depth=18, stem='cifar', in_channels=3),
    head=dict(in_channels=512, num_classes=500),
    num_images=50000,
    sobel=False,
    pca_dims=128)
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.2, 1.0), flip_prob=0.5),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
    ]])
train_dataloader = dict(batch_size=256, sampler=dict(type='PseudoLabelSampler'))
custom_hooks = [dict(type='ClusteringHook'), dict(type='FixedLearningRateHook')]

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=1.0, momentum=0.9, weight_decay=1e-4),
    constructor='GroupingConstructor',
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1), head=dict(momentum=0., fixed_lr=True))))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
