# Class activation maps of scenes with one or two digits, from tags, for a CPU: the classifier of the four steps.
_base_ = [
    '../../../_base_/models/localizer_small.py', '../../../_base_/datasets/digit_scenes_tags.py',
    '../../../_base_/default_runtime.py'
]

model = dict(head=dict(_delete_=True, type='MultiLabelHead', num_classes=10))
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=3e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=8)
auto_scale_lr = dict(base_batch_size=64)
