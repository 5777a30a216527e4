# PCNet-M with the authors' settings on COCOA.
_base_ = [
    '../../_base_/models/pcnet_m.py', '../../_base_/datasets/cocoa_objects.py', '../../_base_/default_runtime.py'
]

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', by_epoch=False, milestones=[32000, 48000], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=56000)
auto_scale_lr = dict(base_batch_size=32)
