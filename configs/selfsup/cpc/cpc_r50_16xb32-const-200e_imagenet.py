# The paper's batch of 512 images and optimiser; how long it trained is not published.
_base_ = ['../../_base_/models/cpc.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    views=[[dict(type='RandomHorizontalFlip', prob=0.5), dict(type='RandomGrayscale', prob=0.2)]])
train_dataloader = dict(
    batch_size=32,
    dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=300, crop=256)]))
benchmark = dict(  # a whole grid of 7 x 7 patches
    train=dict(pipeline=[dict(type='ResizeCenterCrop', resize=300, crop=256)]),
    test=dict(pipeline=[dict(type='ResizeCenterCrop', resize=300, crop=256)]))

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=2e-4))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=512)
