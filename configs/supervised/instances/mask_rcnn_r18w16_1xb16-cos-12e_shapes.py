# Mask R-CNN on the shapes of YOLACT's recipe.
_base_ = [
    '../../_base_/models/mask_rcnn_instances_small.py', '../../_base_/datasets/shapes_instances.py',
    '../../_base_/schedules/adamw_cos_instances.py', '../../_base_/default_runtime.py'
]
