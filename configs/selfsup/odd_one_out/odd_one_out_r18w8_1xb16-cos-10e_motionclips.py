# A small recipe for a CPU: six clips of five frames, one of them shuffled, as stacks of their differences.
_base_ = [
    '../../_base_/datasets/accelerating_clips.py', '../../_base_/schedules/adamw_cos_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='OddOneOut',
    backbone=dict(
        type='ResNet', depth=18, base_channels=8, in_channels=12, strides=(1, 1, 1, 1), out_indices=(3,)),
    neck=dict(type='MLPNeck', in_channels=32 * 4, hidden_channels=64, out_channels=64),
    head=dict(type='ClassificationHead', num_classes=6),
    length=9,
    frames=5,
    grid=2)
find_unused_parameters = True  # of the fourth stage
train_dataloader = dict(batch_size=16, dataset=dict(clip_length=9, speed=(0.06, 0.1)))
train_cfg = dict(max_epochs=10)
auto_scale_lr = dict(base_batch_size=16)
