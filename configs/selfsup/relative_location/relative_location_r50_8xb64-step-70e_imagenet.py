_base_ = [
    '../../_base_/models/relative_location.py', '../../_base_/datasets/imagenet.py',
    '../../_base_/default_runtime.py']

data_preprocessor = dict(views=[[dict(type='RandomGrayscale', prob=0.66)]])
train_dataloader = dict(
    batch_size=64,  # images; each gives 9 patches and 8 pairs
    dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=292, crop=255)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', constructor='GroupingConstructor',
    paramwise_cfg=dict(custom_keys=dict(neck=dict(decay_mult=5.0), head=dict(decay_mult=5.0))),
    optimizer=dict(type='SGD', lr=0.2, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=5, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[30, 50], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=70)
auto_scale_lr = dict(base_batch_size=512)
