# A small recipe for a CPU: ResNet-18 of base width 16. One pass to cluster at the start and one to train an epoch:
# (50,000 + 19 epochs x 49,920 images) x 1,024 pixels = 1,022 million pixels through the backbone.
_base_ = './odc_r18_1xb256-cos-200e_cifar10.py'

model = dict(backbone=dict(base_channels=16), neck=dict(in_channels=128))

train_cfg = dict(max_epochs=19)
default_hooks = dict(checkpoint=dict(interval=1))
