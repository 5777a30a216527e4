# The ceiling on CIFAR-10: crops after padding are the usual choice, mild random resized crops stand in for them.
_base_ = ['../../_base_/models/supervised.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(backbone=dict(depth=18, stem='cifar'), head=dict(in_channels=512, num_classes=10))
data_preprocessor = dict(views=[[dict(type='RandomResizedCrop', size=32, scale=(0.5, 1.0), flip_prob=0.5)]])
train_dataloader = dict(dataset=dict(supervision='image'))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.2, momentum=0.9, weight_decay=5e-4, nesterov=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=5, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
