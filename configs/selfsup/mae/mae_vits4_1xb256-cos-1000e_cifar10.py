# The setting of solo-learn's CIFAR-10 recipe: ViT-S with patches of 4 px, the decoder of the ImageNet recipe.
_base_ = ['../../_base_/models/mae.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(backbone=dict(arch='small', image_size=32, patch_size=4))
data_preprocessor = dict(
    views=[[dict(type='RandomResizedCrop', size=32, scale=(0.08, 1.0), flip_prob=0.5, interpolation='bicubic')]])

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0., flat_decay_mult=0.),
    optimizer=dict(type='AdamW', lr=2e-4, betas=(0.9, 0.95), weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.15, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=10, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=1000)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
