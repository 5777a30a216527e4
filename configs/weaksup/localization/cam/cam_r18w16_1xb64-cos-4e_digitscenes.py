# Class activation maps on scenes with one compound object, for a CPU. It is meant to start from a network that knows
# the most telling part, as networks for photos start from ImageNet: --cfg-options load_from=CHECKPOINT of cam_part_...,
# which configs/suites/localisation.py does by itself. From nothing, the stripes are learnt before the digits.
_base_ = [
    '../../../_base_/models/localizer_small.py', '../../../_base_/datasets/digit_scenes_compound.py',
    '../../../_base_/default_runtime.py'
]

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=4)
auto_scale_lr = dict(base_batch_size=64)
