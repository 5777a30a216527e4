# YOLACT on images of one to three textured shapes, for a CPU.
_base_ = [
    '../../_base_/models/yolact_small.py', '../../_base_/datasets/shapes_instances.py',
    '../../_base_/schedules/adamw_cos_instances.py', '../../_base_/default_runtime.py'
]
