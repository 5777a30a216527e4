# A small recipe for a CPU: 1,600 frames of clips of shapes, with estimated flow.
_base_ = [
    '../../_base_/models/cross_pixel.py', '../../_base_/datasets/shapes_clips.py',
    '../../_base_/schedules/adamw_cos_small.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=18, base_channels=4, strides=(1, 1, 1, 1)),
    head=dict(in_channels=32),
    pixels=256)

train_cfg = dict(max_epochs=5)
