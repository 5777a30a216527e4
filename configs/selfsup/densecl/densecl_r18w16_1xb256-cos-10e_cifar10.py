# A small recipe for a CPU: ResNet-18 of base width 16.
# 10 epochs x 49,920 images x (one query view + one key view) = 1,022 million pixels.
_base_ = [
    '../../_base_/models/densecl.py', '../../_base_/datasets/cifar10_simclr.py',
    '../../_base_/schedules/sgd_warm_cos_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, base_channels=16, stem='cifar', norm_cfg=dict(batch_per_split=32)),
    neck=dict(in_channels=128, hidden_channels=512),
    queue=dict(length=4096),
    dense_queue=dict(length=4096),
    temperature=0.1,
    momentum=0.99)

optim_wrapper = dict(optimizer=dict(lr=0.12))
train_cfg = dict(max_epochs=10)
