# The published 2x schedule of COCO on C4.
_base_ = [
    '../../_base_/models/faster_rcnn_c4.py', '../../_base_/datasets/coco_instances.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    box_head=dict(num_classes=80),
    mask_head=dict(type='MaskHead', in_channels=2048, num_classes=80, size=7, conv_channels=()))
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, end=1000),
    dict(type='MultiStepLR', by_epoch=False, milestones=[120000, 160000], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_iters=180000)
custom_hooks = [dict(type='PreciseBNHook', iterations=200)]
auto_scale_lr = dict(base_batch_size=16)
