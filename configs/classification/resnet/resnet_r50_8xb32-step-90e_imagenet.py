# ResNet-50 on ImageNet, the usual 90 epochs; what Hide-and-Seek is compared with.
_base_ = [
    '../../_base_/models/finetune_r50.py', '../../_base_/datasets/imagenet_labels.py',
    '../../_base_/default_runtime.py'
]

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[30, 60], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=90)
auto_scale_lr = dict(base_batch_size=256)
