# A small recipe for a CPU: Shuffle and Learn on clips of eight frames.
_base_ = [
    '../../_base_/datasets/accelerating_clips.py', '../../_base_/schedules/adamw_cos_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='TemporalOrder',
    backbone=dict(type='ResNet', depth=18, base_channels=8, strides=(1, 1, 2, 2)),
    head=dict(type='ClassificationHead', num_classes=2),
    length=8,
    span=2)
train_cfg = dict(max_epochs=8)
