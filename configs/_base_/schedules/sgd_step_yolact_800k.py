# The published schedule, for 8 images on one GPU.
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=500),
    dict(type='MultiStepLR', by_epoch=False, milestones=[280000, 600000, 700000, 750000], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_iters=800000)
auto_scale_lr = dict(base_batch_size=8)
