# PSA on scenes, for a CPU: features of 1/2 of the side. It is meant to start from the classifier of the maps:
# --cfg-options load_from=FILE, which the four steps do by themselves.
_base_ = [
    '../../../_base_/datasets/digit_scenes_pair_labels.py', '../../../_base_/schedules/affinity_small.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='AffinityNet',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 2, 1, 1), out_indices=(0, 1, 3)),
    channels=(16, 16, 32))
find_unused_parameters = True  # of the fourth stage
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=1.0)}))
train_cfg = dict(max_epochs=12)
auto_scale_lr = dict(base_batch_size=32)
