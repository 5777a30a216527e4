# AdamW as AFA, ToCo and CoSA train: 1,500 steps of warm-up, then poly; heads at ten times the rate.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=6e-5, betas=(0.9, 0.999), weight_decay=0.01),
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys={'head': dict(lr_mult=10.0)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 60, by_epoch=False, end=1500),
    dict(type='PolyLR', power=0.9, by_epoch=False, begin=1500),
]
train_cfg = dict(type='ResumableEpochLoop', max_iters=40000)
auto_scale_lr = dict(base_batch_size=4)
