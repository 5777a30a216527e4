# Warm-up of ten epochs and a cosine; nothing of one dimension is decayed or adapted. The leaf sets lr and its batch.
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='LARS', momentum=0.9, weight_decay=1e-6))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=10, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
