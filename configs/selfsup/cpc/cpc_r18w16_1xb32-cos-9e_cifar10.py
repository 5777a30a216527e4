# A small recipe for a CPU: ResNet-18 of base width 16. 9 epochs x 49,984 images x 36 patches of 64 px = 1,036 million
# pixels.
_base_ = './cpc_r18_1xb32-cos-200e_cifar10.py'

model = dict(backbone=dict(base_channels=16), context=dict(channels=128, hidden_channels=64))

param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=9)
default_hooks = dict(checkpoint=dict(interval=1))
