# YOLACT-550 with the published constants, on a ResNet-50.
_base_ = [
    '../../_base_/models/yolact_r50.py', '../../_base_/datasets/coco_yolact.py',
    '../../_base_/schedules/sgd_step_yolact_800k.py', '../../_base_/default_runtime.py'
]
