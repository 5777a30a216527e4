_base_ = [
    '../../_base_/models/vicreg.py', '../../_base_/datasets/imagenet.py',
    '../../_base_/schedules/lars_cos_200e.py', '../../_base_/default_runtime.py'
]

jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(
    views=[
        [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=1.0)],
        [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.1),
         dict(type='RandomSolarize', prob=0.2)],
    ])
train_dataloader = dict(
    batch_size=64,
    dataset=dict(pipeline=[
        dict(type='RandomCrops', num_views=2, size=224, scale=(0.08, 1.0), flip_prob=0.5, interpolation='bicubic')]))

optim_wrapper = dict(optimizer=dict(lr=1.6))  # 0.2 per 256 images
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, begin=0, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=990, eta_min_ratio=1e-3, begin=10, end=1000, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=1000)
auto_scale_lr = dict(base_batch_size=2048)
