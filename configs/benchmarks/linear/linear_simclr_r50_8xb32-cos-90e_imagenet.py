# As SimCLR (with Nesterov's momentum) and lightly have it; SimCLR with 4,096 images a step and the rate scaled to that.
_base_ = [
    '../../_base_/models/linear_r50.py', '../../_base_/datasets/imagenet_labels.py', '../../_base_/default_runtime.py'
]

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0, nesterov=True))
param_scheduler = [dict(type='CosineAnnealingLR')]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=90)
auto_scale_lr = dict(base_batch_size=256)
