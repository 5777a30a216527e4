# A small recipe for a CPU: ResNet-18 of base width 16; 10 epochs x 49,920 images x 2 views = 1,022 million pixels.
# epsilon 0.02, as at 0.05 the first epochs stay at uniform assignments (the authors advise a smaller one then).
_base_ = './swav_r18_1xb512-cos-200e_cifar10.py'

model = dict(backbone=dict(base_channels=16), neck=dict(in_channels=128), num_prototypes=256, epsilon=0.02)
train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=10)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=1))
