# A small recipe for a CPU: ResNet-18 of base width 16; 128 images are 512 inputs.
_base_ = './rotation_r18_1xb128-step-200e_cifar10.py'

model = dict(backbone=dict(base_channels=16), head=dict(in_channels=128))

param_scheduler = [dict(type='CosineAnnealingLR', T_max=3, begin=0, end=3, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=3)
default_hooks = dict(checkpoint=dict(interval=1))
