# Mask R-CNN on few scenes of digits, for a CPU: maps of 1/4 and 1/8, masks of 14 x 14. With
# train_dataloader.dataset.prob=0.5 half of the training images are composed anew, see docs/scenes.md.
_base_ = [
    '../../_base_/models/mask_rcnn_small.py', '../../_base_/datasets/digit_scenes_instances.py',
    '../../_base_/schedules/adamw_cos_instances.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(strides=(2, 2, 2, 2), out_indices=(2, 3)),
    box_head=dict(num_classes=10, batch=32),
    mask_head=dict(num_classes=10, size=7, conv_channels=(32,), channels=32))
train_cfg = dict(max_epochs=40)
default_hooks = dict(checkpoint=dict(interval=10))
