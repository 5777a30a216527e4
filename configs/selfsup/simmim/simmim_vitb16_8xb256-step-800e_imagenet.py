# Xie et al. 2022's 800 epochs: lr 1e-4 per 512 images, from 5e-7 in the warm-up, a tenth for the last 100. Its ViT has
# a relative position bias that all blocks share; this one has learned positions.
_base_ = ['../../_base_/models/simmim.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(
        _delete_=True,
        type='VisionTransformer',
        arch='base',
        image_size=224,
        patch_size=16,
        drop_path_rate=0.1,
        layer_scale=0.1,
        out_type='map'))
data_preprocessor = dict(views=[[]])
train_dataloader = dict(
    batch_size=256,
    dataset=dict(pipeline=[
        dict(type='RandomCrops', num_views=1, size=224, scale=(0.67, 1.0), flip_prob=0.5, interpolation='bilinear')]))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(
        norm_decay_mult=0.,
        bias_decay_mult=0.,
        flat_decay_mult=0.,
        custom_keys={name: dict(decay_mult=0.) for name in ('pos_embed', 'cls_token', 'mask_token')}),
    optimizer=dict(type='AdamW', lr=4e-4, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=5.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.005, end=10, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[700], gamma=0.1, begin=10),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=800)
auto_scale_lr = dict(base_batch_size=2048)
default_hooks = dict(checkpoint=dict(interval=10))
