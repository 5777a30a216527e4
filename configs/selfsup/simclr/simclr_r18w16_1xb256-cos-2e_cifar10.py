# The small recipe at a fifth of its length, for the ablation of the views (configs/suites/simclr_augmentations.py).
_base_ = './simclr_r18w16_1xb256-cos-10e_cifar10.py'

param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, by_epoch=False, end=50),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=2)
