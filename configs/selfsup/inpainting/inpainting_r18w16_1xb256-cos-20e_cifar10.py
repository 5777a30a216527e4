# A small recipe for a CPU: ResNet-18 of base width 16; 20 epochs x 49,920 images x 1 view = 1,022 million pixels.
_base_ = './inpainting_r18_1xb256-cos-200e_cifar10.py'

model = dict(backbone=dict(base_channels=16), head=dict(in_channels=128, channels=[64, 32, 16]))

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=20)
default_hooks = dict(checkpoint=dict(interval=1))
