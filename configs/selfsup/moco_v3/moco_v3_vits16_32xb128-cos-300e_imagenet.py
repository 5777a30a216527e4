# ViT-S with 12 heads, where DeiT's has 6; the random patch projection is kept and is not in the optimiser.
_base_ = ['../../_base_/models/moco_v3.py', '../../_base_/datasets/imagenet_byol.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(
        _delete_=True,
        type='VisionTransformer',
        arch='small',
        num_heads=12,
        position='sincos',
        frozen_patch_embedding=True,
        init='xavier'),
    neck=dict(in_channels=384, num_layers=3),
    head=dict(last_norm=True, last_affine=False),
    temperature=0.2)
train_dataloader = dict(
    batch_size=128,
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=2, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(norm_decay_mult=1.0, bias_decay_mult=1.0),  # everything is decayed, as published
    optimizer=dict(type='AdamW', lr=2.4e-3, weight_decay=0.1))  # 1.5e-4 per 256 images
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=40, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=40, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(base_batch_size=4096)
