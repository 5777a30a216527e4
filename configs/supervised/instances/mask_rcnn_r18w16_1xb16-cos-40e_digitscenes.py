# Mask R-CNN on few scenes of digits, for a CPU. With train_dataloader.dataset.prob=0.5 half of the training images are
# composed anew, see docs/scenes.md.
_base_ = [
    '../../_base_/models/mask_rcnn_small.py', '../../_base_/datasets/digit_scenes_instances.py',
    '../../_base_/schedules/adamw_cos_instances.py', '../../_base_/default_runtime.py'
]

model = dict(box_head=dict(num_classes=10), mask_head=dict(num_classes=10))
train_cfg = dict(max_epochs=40)
default_hooks = dict(checkpoint=dict(interval=10))
