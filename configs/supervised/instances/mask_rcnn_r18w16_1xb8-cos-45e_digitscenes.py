# Mask R-CNN on few scenes of digits, for a CPU: one map of 1/4 for regions, masks of 14 x 14, few proposals. With
# train_dataloader.dataset.prob=0.5 half of the training images are composed anew, see docs/scenes.md.
_base_ = [
    '../../_base_/models/mask_rcnn_small.py', '../../_base_/datasets/digit_scenes_instances.py',
    '../../_base_/schedules/adamw_cos_instances.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(strides=(2, 2, 2, 2), out_indices=(2, 3)),
    neck=dict(num_outs=2),
    rpn_head=dict(
        strides=(4, 8), sizes=((16,), (32,)), pre_nms=(80, 60), post_nms=(50, 30), batch=64),
    box_head=dict(num_classes=10, batch=32),
    mask_head=dict(num_classes=10, size=7, conv_channels=(32,), channels=32),
    region_strides=(4,))
train_cfg = dict(max_epochs=45)
auto_scale_lr = dict(base_batch_size=8)
default_hooks = dict(checkpoint=dict(interval=15))
