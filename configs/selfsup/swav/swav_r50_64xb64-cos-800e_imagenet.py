# Batch 4096: no queue, prototypes frozen for the first epoch (313 steps), warm-up of ten epochs from 0.3 to 4.8.
_base_ = ['../../_base_/models/swav.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

pipeline = [
    dict(type='ColorJitter', brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, prob=0.8, gray_prob=0.2),
    dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.5),
]
data_preprocessor = dict(views=[pipeline] * 8)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(pipeline=[
        dict(
            type='RandomCrops',
            crops=[dict(num=2, size=224, scale=(0.14, 1.0)), dict(num=6, size=96, scale=(0.05, 0.14))],
            flip_prob=0.5,
            interpolation='bilinear')
    ]))

# apex's LARC without clipping, on all parameters
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(
        type='LARS', lr=4.8, momentum=0.9, weight_decay=1e-6, trust_coefficient=0.001, exclude_1d=False, norm_sum=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.0625, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0048, begin=10, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=800)
custom_hooks = [dict(type='FreezeHook', modules=['prototypes'], iterations=313)]
auto_scale_lr = dict(base_batch_size=4096)
