# A small recipe for a CPU: Shuffle and Learn on clips of nine frames. Features keep where a thing is, as the paper's
# layers over the whole map do.
_base_ = [
    '../../_base_/datasets/accelerating_clips.py', '../../_base_/schedules/adamw_cos_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='TemporalOrder',
    backbone=dict(type='ResNet', depth=18, base_channels=8, strides=(1, 1, 1, 1), out_indices=(3,)),
    neck=dict(type='MLPNeck', in_channels=3 * 32 * 16, hidden_channels=128, out_channels=64),
    head=dict(type='ClassificationHead', num_classes=2),
    length=9,
    gap=2,
    grid=4)
find_unused_parameters = True  # of the fourth stage
train_dataloader = dict(dataset=dict(clip_length=9, speed=(0.06, 0.1)))
train_cfg = dict(max_epochs=8)
