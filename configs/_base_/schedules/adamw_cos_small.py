# The small recipes of motion: AdamW and a cosine. The leaf sets epochs.
optim_wrapper = dict(
    type='AutocastOptimWrapper', constructor='GroupingConstructor',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.01),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop')
auto_scale_lr = dict(base_batch_size=32)
