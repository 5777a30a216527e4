# A small recipe for a CPU: figures of several parts in 64 pixels, up to six points of guidance.
_base_ = [
    '../../_base_/models/cmp.py', '../../_base_/datasets/motion_clips.py',
    '../../_base_/schedules/adamw_cos_small.py', '../../_base_/default_runtime.py'
]

norm = dict(type='BN')
model = dict(
    backbone=dict(depth=18, base_channels=4, strides=(1, 1, 1, 1), dilations=(1, 1, 1, 1), norm_cfg=norm),
    sparse_encoder=dict(stride=4, norm_cfg=norm),
    decoder=dict(channels=32, bins=25, norm_cfg=norm),
    channels=32,
    limit=8.0)
# much moves, and most points lie on what does: of a still ground there is little to learn; where less moved, it learnt
# to ignore the points
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        guidance=dict(stride=64, kernel=9, most=(1, 8)),
        clips=dict(num_clips=4000, moving=0.5, travelling=0.8, speed=(0.04, 0.07))))
test_dataloader = dict(dataset=dict(guidance=dict(stride=64, kernel=9)))
optim_wrapper = dict(optimizer=dict(lr=4e-3))
train_cfg = dict(max_epochs=6)
auto_scale_lr = dict(base_batch_size=16)
del norm
