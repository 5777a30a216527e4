# As SimSiam and MMSelfSup have it; the rate of the bias is adapted too.
_base_ = [
    '../../_base_/models/linear_r50.py', '../../_base_/datasets/imagenet_labels.py', '../../_base_/default_runtime.py'
]

train_dataloader = dict(batch_size=512)
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='LARS', lr=1.6, momentum=0.9, weight_decay=0, exclude_1d=False))
param_scheduler = [dict(type='CosineAnnealingLR')]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=90)
auto_scale_lr = dict(base_batch_size=4096)
