_base_ = [
    '../../_base_/models/moco_v3.py', '../../_base_/datasets/imagenet.py',
    '../../_base_/schedules/lars_cos_200e.py', '../../_base_/default_runtime.py'
]

jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(
    views=[
        [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=1.0)],
        [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.1),
         dict(type='RandomSolarize', prob=0.2)],
    ])
train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=9.6))  # 0.6 per 256 images
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, begin=0, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=90, begin=10, end=100, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=4096)
