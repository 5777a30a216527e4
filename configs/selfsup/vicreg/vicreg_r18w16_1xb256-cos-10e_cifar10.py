# A small recipe for a CPU: ResNet-18 of base width 16, SGD in place of LARS.
# 10 epochs x 49,920 images x 2 views = 1,022 million pixels.
_base_ = './vicreg_r18_1xb256-cos-1000e_cifar10.py'

model = dict(
    backbone=dict(base_channels=16), neck=dict(in_channels=128, hidden_channels=512, out_channels=512))

optim_wrapper = dict(optimizer=dict(_delete_=True, type='SGD', lr=0.06, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=10)
default_hooks = dict(checkpoint=dict(interval=1))
