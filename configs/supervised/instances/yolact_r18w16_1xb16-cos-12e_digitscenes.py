# YOLACT on scenes with one to three digits, for a CPU.
_base_ = [
    '../../_base_/models/yolact_small.py', '../../_base_/datasets/digit_scenes_instances.py',
    '../../_base_/schedules/adamw_cos_instances.py', '../../_base_/default_runtime.py'
]
