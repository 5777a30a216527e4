_base_ = './resnet_r44_1xb128-step-300e_cifar100.py'

model = dict(backbone=dict(depth=56))
