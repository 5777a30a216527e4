# A small recipe for a CPU: ResNet-18 of base width 16; 5 epochs x 49,920 images x (2 online + 2 target views)
# = 1,022 million pixels.
_base_ = [
    '../../_base_/models/byol.py', '../../_base_/datasets/cifar10_byol.py',
    '../../_base_/schedules/sgd_warm_cos_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, base_channels=16, stem='cifar'),
    neck=dict(in_channels=128, hidden_channels=512),
    head=dict(hidden_channels=512),
    end_momentum=None)

optim_wrapper = dict(optimizer=dict(lr=0.12))
train_cfg = dict(max_epochs=5)
