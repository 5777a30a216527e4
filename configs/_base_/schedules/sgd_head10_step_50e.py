# Fine-tuning a localiser on CUB as the WSOL benchmark does: the head learns ten times as fast as the backbone. The
# learning rate depends on the network.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10.0))),
    optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4, nesterov=True))
param_scheduler = [dict(type='MultiStepLR', milestones=[15, 30, 45], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=50)
auto_scale_lr = dict(base_batch_size=32)
