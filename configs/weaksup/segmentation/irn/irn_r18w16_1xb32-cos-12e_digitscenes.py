# IRN on scenes, for a CPU: edges and displacements of 1/2 of the side. Its backbone is that of the classifier of the
# maps: --cfg-options load_from=FILE, which the four steps do by themselves.
_base_ = [
    '../../../_base_/datasets/digit_scenes_pair_labels.py', '../../../_base_/schedules/affinity_small.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='IRN',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 2, 1, 1), out_indices=(0, 1, 2, 3)),
    displacement_channels=(16, 16, 32, 32),
    grid=0,
    radius=5)
optim_wrapper = dict(
    optimizer=dict(lr=3e-3), paramwise_cfg=dict(_delete_=True, norm_decay_mult=0.0))
train_cfg = dict(max_epochs=12)
auto_scale_lr = dict(base_batch_size=32)
