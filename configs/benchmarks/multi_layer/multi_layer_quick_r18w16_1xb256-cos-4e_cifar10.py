# A linear classifier on every stage, on new crops of CIFAR-10 in every epoch, for a CPU.
_base_ = [
    '../../_base_/models/multi_layer_r50.py', '../../_base_/datasets/cifar10_labels.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, stem='cifar', base_channels=16), head=dict(num_classes=10, pooling='adaptive'))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=4)
auto_scale_lr = dict(base_batch_size=256)
