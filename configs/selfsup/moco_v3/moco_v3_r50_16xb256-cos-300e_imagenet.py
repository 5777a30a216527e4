_base_ = './moco_v3_r50_16xb256-cos-100e_imagenet.py'

optim_wrapper = dict(optimizer=dict(lr=4.8))  # 0.3 per 256 images
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, begin=0, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=290, begin=10, end=300, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=300)
