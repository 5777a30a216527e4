# A small recipe for a CPU: six clips of five frames, one of them shuffled, as stacks of their differences.
_base_ = [
    '../../_base_/datasets/accelerating_clips.py', '../../_base_/schedules/adamw_cos_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='OddOneOut',
    backbone=dict(type='ResNet', depth=18, base_channels=8, in_channels=12, strides=(1, 1, 2, 2)),
    head=dict(type='ClassificationHead', num_classes=6),
    length=8,
    frames=5)
train_dataloader = dict(batch_size=16)
train_cfg = dict(max_epochs=10)
auto_scale_lr = dict(base_batch_size=16)
