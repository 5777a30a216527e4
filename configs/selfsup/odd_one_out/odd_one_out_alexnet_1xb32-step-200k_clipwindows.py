# Six clips of six frames as published, as stacks of differences, fused by the sum. The paper has no code: the layers
# after the fusion and the solver are ours.
_base_ = ['../../_base_/datasets/clip_windows.py', '../../_base_/default_runtime.py']

model = dict(
    type='OddOneOut',
    backbone=dict(type='AlexNet', in_channels=15),
    neck=dict(type='MLPNeck', in_channels=256 * 36, hidden_channels=4096, out_channels=128),
    head=dict(type='ClassificationHead', num_classes=6),
    length=16,
    grid=6)
train_dataloader = dict(batch_size=32)
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[100000, 160000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=200000)
auto_scale_lr = dict(base_batch_size=32)
