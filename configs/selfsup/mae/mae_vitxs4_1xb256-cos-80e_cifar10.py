# A small recipe for a CPU: a ViT of 96 channels and 4 blocks, some 32 million multiplications an image, as many as the
# other small recipes' ResNet-18; 80 epochs x 49,920 images x 16 of 64 patches of 16 px = 1,022 million pixels.
_base_ = './mae_vits4_1xb256-cos-1000e_cifar10.py'

model = dict(
    backbone=dict(embed_dims=96, depth=4, num_heads=3),
    decoder=dict(embed_dims=64, depth=1, num_heads=2))
data_preprocessor = dict(
    views=[[dict(type='RandomResizedCrop', size=32, scale=(0.2, 1.0), flip_prob=0.5)]])

optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=4, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=4, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=80)
default_hooks = dict(checkpoint=dict(interval=5))
