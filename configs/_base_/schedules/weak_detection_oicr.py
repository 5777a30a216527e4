# OICR's schedule: steps of two images, one after the other, on VOC2007 40,000 at 1e-3 and 30,000 at 1e-4.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    accumulative_counts=2,
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[16], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=28)
auto_scale_lr = dict(base_batch_size=2)
