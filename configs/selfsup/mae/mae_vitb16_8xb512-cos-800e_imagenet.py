# He et al. 2022, table 8: lr 1.5e-4 per 256 images, warm-up of 40 epochs from 0.
_base_ = ['../../_base_/models/mae.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(views=[[]])
train_dataloader = dict(
    batch_size=512,
    dataset=dict(pipeline=[
        dict(type='RandomCrops', num_views=1, size=224, scale=(0.2, 1.0), flip_prob=0.5, interpolation='bicubic')]))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0., flat_decay_mult=0.),
    optimizer=dict(type='AdamW', lr=2.4e-3, betas=(0.9, 0.95), weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=40, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=40, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=800)
auto_scale_lr = dict(base_batch_size=4096)
default_hooks = dict(checkpoint=dict(interval=10))
