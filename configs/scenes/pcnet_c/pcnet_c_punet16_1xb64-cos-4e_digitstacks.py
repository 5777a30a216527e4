# PCNet-C on ellipses, for a CPU.
_base_ = [
    '../../_base_/models/pcnet_c_small.py', '../../_base_/datasets/digit_stacks_contents.py',
    '../../_base_/default_runtime.py'
]

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=4)
auto_scale_lr = dict(base_batch_size=64)
