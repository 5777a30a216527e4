# Three epochs with all of CIFAR-10's labels, for a CPU: how far the weights have come on the way.
_base_ = [
    '../../_base_/models/finetune_r50.py', '../../_base_/datasets/cifar10_labels.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', base_channels=16, norm_cfg=dict(type='BN')), head=dict(num_classes=10))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=3)
auto_scale_lr = dict(base_batch_size=256)
