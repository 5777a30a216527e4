# 200 k steps of 128 images are 20 epochs; the learning rate falls by a tenth every 10 k steps, which is an epoch.
_base_ = ['../../_base_/models/counting.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    views=[[dict(type='RandomHorizontalFlip', prob=0.5), dict(type='RandomGrayscale', prob=0.67)]])
train_dataloader = dict(
    batch_size=128,
    dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=256, crop=228)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=1e-4, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=list(range(1, 20)), gamma=0.9)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=20)
auto_scale_lr = dict(base_batch_size=128)
