# The published 1x schedule of COCO on the pyramid.
_base_ = [
    '../../_base_/models/mask_rcnn_fpn.py', '../../_base_/datasets/coco_instances.py', '../../_base_/default_runtime.py'
]

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, end=500),
    dict(type='MultiStepLR', by_epoch=False, milestones=[60000, 80000], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_iters=90000)
auto_scale_lr = dict(base_batch_size=16)
