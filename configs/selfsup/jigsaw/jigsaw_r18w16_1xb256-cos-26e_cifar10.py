# A small recipe for a CPU: ResNet-18 of base width 16; 26 epochs x 49,920 images x 4 patches of 14 px
# = 1,018 million pixels.
_base_ = './jigsaw_r18_1xb256-cos-200e_cifar10.py'

model = dict(
    backbone=dict(base_channels=16), neck=dict(in_channels=128, out_channels=128), head=dict(in_channels=4 * 128))

param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=26)
default_hooks = dict(checkpoint=dict(interval=1))
