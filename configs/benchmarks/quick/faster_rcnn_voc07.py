# Faster R-CNN on small photos of VOC2007, trained on train and tested on val, for a CPU; for the networks of the small
# recipes, with CIFAR's stem. Its figures compare with each other and with nothing that is published.
_base_ = [
    '../../_base_/models/faster_rcnn_small.py', '../../_base_/datasets/voc0712_boxes.py',
    '../../_base_/default_runtime.py'
]

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(
        sets=['VOC2007/train'],
        pipeline=[dict(type='ResizeShortEdge', short=[80, 96, 112], longest=160), dict(type='RandomFlip', prob=0.5)]))
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(sets=['VOC2007/val'], pipeline=[dict(type='ResizeShortEdge', short=96, longest=160)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
    dict(type='MultiStepLR', milestones=[7, 9], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=10)
auto_scale_lr = dict(base_batch_size=4)
benchmark = dict(dataset='VOC2007 (train and val)')
