# The smallest of these networks and four epochs, for a CPU.
_base_ = './resnet_r44_1xb128-step-300e_cifar10.py'

model = dict(backbone=dict(depth=8))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(max_epochs=4)
default_hooks = dict(checkpoint=dict(interval=1))
