# No published recipe for CIFAR-10; this one follows the ImageNet recipe with a Swin-T of three stages, patches of 2 px,
# windows of 4 patches and cells of 8 px, the side of a place of the last map as on ImageNet. The learning rate is our
# choice for batches of 256.
_base_ = ['../../_base_/models/simmim.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(arch='tiny', depths=(2, 2, 6), num_heads=(3, 6, 12), window_size=4, patch_size=2), cell_size=8)
data_preprocessor = dict(
    views=[[dict(type='RandomResizedCrop', size=32, scale=(0.67, 1.0), flip_prob=0.5)]])

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(
        norm_decay_mult=0.,
        bias_decay_mult=0.,
        custom_keys={'relative_position_bias_table': dict(decay_mult=0.), 'mask_token': dict(decay_mult=0.)}),
    optimizer=dict(type='AdamW', lr=4e-4, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=5.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.005, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=2e-5, begin=10, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=400)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
