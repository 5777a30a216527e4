# A small recipe for a CPU: ResNet-18 of base width 16; 10 epochs x 49,920 images x 2 views = 1,022 million
# pixels.
_base_ = [
    '../../_base_/models/simclr.py', '../../_base_/datasets/cifar10_simclr.py',
    '../../_base_/schedules/sgd_warm_cos_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, base_channels=16, stem='cifar'),
    neck=dict(in_channels=128, hidden_channels=512, last_norm=False, last_bias=True),
    temperature=0.5)

optim_wrapper = dict(optimizer=dict(lr=0.24))
train_cfg = dict(max_epochs=10)
