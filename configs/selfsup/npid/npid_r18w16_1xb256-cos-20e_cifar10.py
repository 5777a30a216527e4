# A small recipe for a CPU: ResNet-18 of base width 16, embeddings of 64; 20 epochs x 49,920 images x 1 view = 1,022
# million pixels.
_base_ = './npid_r18_1xb128-step-200e_cifar10.py'

model = dict(
    backbone=dict(base_channels=16), neck=dict(in_channels=128, out_channels=64), bank=dict(channels=64))
train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=0.12))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=20)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=1))
