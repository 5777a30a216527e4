# A small recipe for a CPU: ResNet-18 of base width 16. 36 epochs x 49,920 images x 9 patches of 64 px = 1,035 million
# pixels.
_base_ = './relative_location_r18_1xb256-cos-200e_cifar10.py'

model = dict(
    backbone=dict(base_channels=16), neck=dict(in_channels=2 * 128, out_channels=256), head=dict(in_channels=256))

param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=2, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=2, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=36)
default_hooks = dict(checkpoint=dict(interval=4))
