_base_ = ['../../_base_/models/odc.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    views=[[
        dict(type='RandomRotation', degrees=2),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=1.0, hue=0.5, gray_prob=0.2),
    ]])
train_dataloader = dict(
    batch_size=64,
    sampler=dict(type='EpochSampler', replacement=True),
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))
custom_hooks = [
    dict(type='ClusteringHook', every=None, refresh_interval=10,
         pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)])]

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.06, momentum=0.9, weight_decay=1e-5),
    constructor='GroupingConstructor',
    paramwise_cfg=dict(custom_keys=dict(head=dict(momentum=0.))))
param_scheduler = [dict(type='MultiStepLR', milestones=[400], gamma=0.4)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=440)
auto_scale_lr = dict(base_batch_size=512)
