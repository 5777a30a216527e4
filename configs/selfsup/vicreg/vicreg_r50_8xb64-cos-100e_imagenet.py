_base_ = './vicreg_r50_32xb64-cos-1000e_imagenet.py'

optim_wrapper = dict(optimizer=dict(lr=0.6))  # 0.3 per 256 images
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, begin=0, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=90, eta_min_ratio=1e-3, begin=10, end=100, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=512)
