# As OpenSelfSup, MoCo v1 and v2 have it. Their figures are of the best epoch, ours of the last.
_base_ = [
    '../../_base_/models/linear_r50.py', '../../_base_/datasets/imagenet_labels.py', '../../_base_/default_runtime.py'
]

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=30.0, momentum=0.9, weight_decay=0))
param_scheduler = [dict(type='MultiStepLR', milestones=[60, 80], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=100)
auto_scale_lr = dict(base_batch_size=256)
