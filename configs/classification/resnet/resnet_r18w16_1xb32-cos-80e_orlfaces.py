# Faces of people who are known, for a CPU: its features are for the faces of others, whom it has not seen.
_base_ = [
    '../../_base_/models/supervised.py', '../../_base_/datasets/orl_faces.py',
    '../../_base_/schedules/sgd_cos_b128.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, base_channels=16), head=dict(in_channels=128, num_classes=16, label_smoothing=0.1))
train_cfg = dict(max_epochs=80)
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(interval=80))
