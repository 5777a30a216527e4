# SGD as He et al. 2016 have it for CIFAR, for 300 epochs with a tenth of the learning rate after 150 and 225.
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[150, 225], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(base_batch_size=128)
