# Fine-tuning with 1 % of CIFAR-10's labels, 50 of every class, for a CPU.
_base_ = [
    '../../_base_/models/finetune_r50.py', '../../_base_/datasets/cifar10_labels.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', base_channels=16, norm_cfg=dict(type='BN')), head=dict(num_classes=10))
train_dataloader = dict(
    batch_size=64,
    drop_last=False,
    dataset=dict(_delete_=True, type='Subset', fraction=0.01,
                 dataset=dict(type='CIFAR10', data_root='data/cifar10', supervision='image')))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=1.0))))
param_scheduler = [dict(type='MultiStepLR', milestones=[24, 32], gamma=0.2)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=40)
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(interval=10))
