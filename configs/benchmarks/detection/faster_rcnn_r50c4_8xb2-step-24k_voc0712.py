# The published schedule of VOC07+12, with the statistics of the norms taken anew before the test (precise BN), as its
# authors do. Start from a backbone with --cfg-options load_from=FILE (mmwsl convert makes such a file).
_base_ = [
    '../../_base_/models/faster_rcnn_c4.py', '../../_base_/datasets/voc0712_boxes.py', '../../_base_/default_runtime.py'
]

model = dict(use_difficult=True)
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, end=100),
    dict(type='MultiStepLR', by_epoch=False, milestones=[18000, 22000], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_iters=24000)
custom_hooks = [dict(type='PreciseBNHook', iterations=200)]
auto_scale_lr = dict(base_batch_size=16)
