# A small recipe for a CPU: a Swin of 32 channels and six blocks in three stages; 20 epochs x 49,920 images x 1,024 px
# = 1,022 million pixels.
_base_ = './simmim_swint2_1xb256-cos-400e_cifar10.py'

model = dict(backbone=dict(embed_dims=32, depths=(2, 2, 2), num_heads=(1, 2, 4)))

optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.005, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=20)
default_hooks = dict(checkpoint=dict(interval=1))
