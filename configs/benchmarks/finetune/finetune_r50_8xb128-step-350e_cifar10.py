# All of CIFAR-10's labels, as MMSelfSup has it, for a ResNet-50 with ImageNet's stem.
_base_ = [
    '../../_base_/models/finetune_r50.py', '../../_base_/datasets/cifar10_labels.py',
    '../../_base_/default_runtime.py'
]

model = dict(head=dict(num_classes=10))
data_preprocessor = dict(
    views=[[dict(type='RandomPaddedCrop', size=32, padding=4), dict(type='RandomHorizontalFlip')]])
train_dataloader = dict(batch_size=128)

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[150, 250], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=350)
auto_scale_lr = dict(base_batch_size=1024)
default_hooks = dict(checkpoint=dict(interval=10))
