# 2,000 steps for small graphs: the published rate of GCN-V and GCN-E, divided by ten at 50, 80 and 90 % of the steps.
_base_ = '../default_runtime.py'

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-5),
    clip_grad=dict(max_norm=5.0))
param_scheduler = [dict(type='MultiStepLR', by_epoch=False, milestones=[1000, 1600, 1800], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=2000)
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=200),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=500, max_keep_ckpts=1))
