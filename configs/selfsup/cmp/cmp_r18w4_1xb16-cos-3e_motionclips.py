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
    limit=6.0)
guidance = dict(stride=32, kernel=9, most=(0, 6))
train_dataloader = dict(batch_size=16, dataset=dict(guidance=guidance))
test_dataloader = dict(dataset=dict(guidance=dict(stride=32, kernel=9)))
train_cfg = dict(max_epochs=3)
auto_scale_lr = dict(base_batch_size=16)
del norm, guidance
