# One linear layer on normalised features of a frozen network: a large learning rate from the first step on, and much
# weight decay, because there are more features than photos.
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.3, momentum=0.9, weight_decay=0.03))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=5)
auto_scale_lr = dict(base_batch_size=32)
