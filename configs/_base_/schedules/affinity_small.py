# AdamW for the affinities of small recipes: the backbone, which starts trained, at a tenth of the rate.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys={'backbone': dict(lr_mult=0.1)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=30),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop')
