# WSDDN on scenes with one to three digits, for a CPU. It starts from a network that tells single digits:
# --cfg-options load_from=CHECKPOINT of start_...
_base_ = [
    '../../../_base_/models/weak_detector_small.py', '../../../_base_/datasets/digit_scenes_windows.py',
    '../../../_base_/default_runtime.py'
]

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=4)
auto_scale_lr = dict(base_batch_size=16)
