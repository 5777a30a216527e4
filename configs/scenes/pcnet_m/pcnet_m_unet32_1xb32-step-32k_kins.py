# PCNet-M with the authors' settings on KINS; where the learning rate falls is our own choice (unverified).
_base_ = [
    '../../_base_/models/pcnet_m.py', '../../_base_/datasets/kins_objects.py', '../../_base_/default_runtime.py'
]

model = dict(categories=True)
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', by_epoch=False, milestones=[20000, 28000], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=32000)
auto_scale_lr = dict(base_batch_size=32)
