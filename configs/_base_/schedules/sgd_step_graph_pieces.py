# Networks on pieces of graphs, as published: the leaf sets rate, epochs and milestones.
_base_ = '../default_runtime.py'

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=5.0))  # without it features of 512 dimensions have led to NaN
train_cfg = dict(type='ResumableEpochLoop')
default_hooks = dict(logger=dict(type='LoggerHook', interval=200))
