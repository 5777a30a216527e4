# A small recipe for a CPU: ResNet-18 of base width 16. 16 epochs x 49,920 images x 5 inputs of 256 px = 1,022 million
# pixels.
_base_ = './counting_r18_1xb256-cos-200e_cifar10.py'

model = dict(
    backbone=dict(base_channels=16), neck=dict(in_channels=128, hidden_channels=256))

param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=16)
default_hooks = dict(checkpoint=dict(interval=2))
