# Mask R-CNN on small photos of COCO, for a CPU; for the networks of the small recipes, with CIFAR's stem.
_base_ = [
    '../../_base_/models/mask_rcnn_small.py', '../../_base_/datasets/coco_instances.py',
    '../../_base_/default_runtime.py'
]

model = dict(box_head=dict(num_classes=80), mask_head=dict(num_classes=80))
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(
        pipeline=[dict(type='ResizeShortEdge', short=[80, 96, 112], longest=160), dict(type='RandomFlip', prob=0.5)]))
test_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(pipeline=[dict(type='ResizeShortEdge', short=96, longest=160)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
    dict(type='MultiStepLR', milestones=[10, 13], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=15)
auto_scale_lr = dict(base_batch_size=4)
default_hooks = dict(checkpoint=dict(interval=5))
benchmark = dict(dataset='COCO (a part)')
