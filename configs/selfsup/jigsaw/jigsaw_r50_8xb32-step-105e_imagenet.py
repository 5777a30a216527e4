_base_ = ['../../_base_/models/jigsaw.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    views=[[dict(type='RandomHorizontalFlip', prob=0.5), dict(type='RandomGrayscale', prob=0.66)]])
train_dataloader = dict(
    dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=256, crop=255)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.25, end=5, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[30, 60, 90, 100], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=105)
auto_scale_lr = dict(base_batch_size=256)
