# Age groups of faces by a ResNet-18; schedule and network are ours. What Hide-and-Seek is compared with.
_base_ = [
    '../../_base_/models/supervised.py', '../../_base_/datasets/adience.py',
    '../../_base_/schedules/sgd_cos_b128.py', '../../_base_/default_runtime.py'
]

model = dict(backbone=dict(depth=18), head=dict(in_channels=512, num_classes=8))
train_cfg = dict(max_epochs=60)
