_base_ = [
    '../../_base_/models/fcn_r50d8.py', '../../_base_/datasets/voc12aug_class_maps.py',
    '../../_base_/default_runtime.py'
]

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=1e-4, by_epoch=False)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=20000)
auto_scale_lr = dict(base_batch_size=16)
