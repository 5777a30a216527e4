_base_ = [
    '../../_base_/models/vicreg.py', '../../_base_/datasets/imagenet_byol.py',
    '../../_base_/schedules/lars_cos_200e.py', '../../_base_/default_runtime.py'
]

train_dataloader = dict(batch_size=64)

optim_wrapper = dict(optimizer=dict(lr=1.6))  # 0.2 per 256 images
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min_ratio=1e-3, begin=10, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=1000)
auto_scale_lr = dict(base_batch_size=2048)
