# WSDDN for some hundred photos and a CPU.
_base_ = [
    '../../../_base_/models/weak_detector_efficientnetlite0.py', '../../../_base_/datasets/voc07_train_proposals.py',
    '../../../_base_/schedules/adamw_cos_weak_detection.py', '../../../_base_/default_runtime.py'
]
