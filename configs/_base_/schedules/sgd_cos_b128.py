# The small recipes of AlexNet: batches of 128, a cosine without warm-up. The leaf sets epochs.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop')
auto_scale_lr = dict(base_batch_size=128)
