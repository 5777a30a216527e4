# Xie et al. 2022, appendix A: 192 px; lr 2e-4 per 512 images, from 1e-6 in the warm-up to 1e-5 at the end.
_base_ = ['../../_base_/models/simmim.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(views=[[]])
train_dataloader = dict(
    batch_size=256,
    dataset=dict(pipeline=[
        dict(type='RandomCrops', num_views=1, size=192, scale=(0.67, 1.0), flip_prob=0.5, interpolation='bilinear')]))
judged = [dict(type='ResizeCenterCrop', resize=219, crop=192)]
benchmark = dict(train=dict(pipeline=judged), test=dict(pipeline=judged))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(
        norm_decay_mult=0.,
        bias_decay_mult=0.,
        custom_keys={'relative_position_bias_table': dict(decay_mult=0.), 'mask_token': dict(decay_mult=0.)}),
    optimizer=dict(type='AdamW', lr=8e-4, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=5.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.005, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=4e-5, begin=10, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=100)
auto_scale_lr = dict(base_batch_size=2048)
