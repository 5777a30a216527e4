# WSDDN's schedule: an image a step, without weight decay of biases.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    optimizer=dict(type='SGD', lr=1e-5, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(bias_decay_mult=0))
param_scheduler = [dict(type='MultiStepLR', milestones=[10], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=20)
auto_scale_lr = dict(base_batch_size=1)
