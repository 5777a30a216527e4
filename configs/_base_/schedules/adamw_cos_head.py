# One linear layer on what is known already: a large learning rate from the first step on, for a few epochs.
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=3e-3, weight_decay=0.05))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=5)
auto_scale_lr = dict(base_batch_size=32)
