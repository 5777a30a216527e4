# The small recipes for a CPU: batches of 256, an epoch of warm-up, then a cosine. The leaf sets lr and epochs.
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='SGD', momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop')
auto_scale_lr = dict(base_batch_size=256)
