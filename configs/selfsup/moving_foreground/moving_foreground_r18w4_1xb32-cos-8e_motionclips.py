# A small recipe for a CPU: shapes before a ground that the camera moves over, pseudo-masks of estimated flow.
_base_ = [
    '../../_base_/models/moving_foreground.py', '../../_base_/datasets/motion_clips.py',
    '../../_base_/schedules/adamw_cos_small.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=18, base_channels=4, strides=(1, 1, 1, 1)),
    head=dict(_delete_=True, type='DenseHead', in_channels=32, out_channels=1))
clips = dict(kind='colored', camera=0.03, clip_length=5, speed=(0.03, 0.06))
train_dataloader = dict(dataset=dict(
    method='dis', moving=True, consensus_settings=dict(pieces=100),
    clips=dict(num_clips=240, supervision='none', **clips)))
test_dataloader = dict(dataset=dict(clips=dict(num_clips=25, **clips)))
test_evaluator = dict(_delete_=True, type='IoUMetric', num_classes=2)
del clips
train_cfg = dict(max_epochs=8)
