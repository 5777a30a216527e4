# A small recipe for a CPU: 1,600 frames of clips of shapes, with estimated flow.
_base_ = [
    '../../_base_/models/cmp.py', '../../_base_/datasets/shapes_clips.py', '../../_base_/schedules/adamw_cos_small.py',
    '../../_base_/default_runtime.py'
]

norm = dict(type='BN')
model = dict(
    backbone=dict(depth=18, base_channels=4, strides=(1, 1, 1, 1), dilations=(1, 1, 1, 1), norm_cfg=norm),
    sparse_encoder=dict(stride=4, norm_cfg=norm),
    decoder=dict(channels=32, bins=25, norm_cfg=norm),
    channels=32,
    limit=6.0)
train_dataloader = dict(dataset=dict(guidance=dict(stride=32, kernel=9, most=(0, 6))))
train_cfg = dict(max_epochs=5)
del norm
