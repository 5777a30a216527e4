# The authors' plain run: 2 global and 8 local crops, AdamW lr 0.0005 per 256 images, weight decay 0.04 to 0.4.
_base_ = ['../../_base_/models/dino.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
first = [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=1.0)]
second = [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.1),
          dict(type='RandomSolarize', prob=0.2)]
local = [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.5)]
data_preprocessor = dict(views=[first, second] + [local] * 8)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(pipeline=[
        dict(
            type='RandomCrops',
            crops=[dict(num=2, size=224, scale=(0.4, 1.0)), dict(num=8, size=96, scale=(0.05, 0.4))],
            flip_prob=0.5,
            interpolation='bicubic')
    ]))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0),
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.04),
    clip_grad=dict(type='norm_per_tensor', max_norm=3.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=10, convert_to_iter_based=True),
    # a ratio, so that groups without decay stay without
    dict(type='CosineAnnealingParamScheduler', param_name='weight_decay', eta_min_ratio=10,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-6, begin=10, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=100)
custom_hooks = [dict(type='FreezeHook', modules=['head.last'], epochs=1)]
auto_scale_lr = dict(base_batch_size=512)
