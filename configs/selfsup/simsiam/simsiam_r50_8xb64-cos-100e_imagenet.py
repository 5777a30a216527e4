_base_ = [
    '../../_base_/models/simsiam.py', '../../_base_/datasets/imagenet_moco_v2.py',
    '../../_base_/default_runtime.py'
]

train_dataloader = dict(batch_size=64)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(custom_keys=dict(head=dict(fixed_lr=True))),
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))  # 0.05 per 256 images
param_scheduler = [dict(type='CosineAnnealingLR')]  # per epoch, as published
train_cfg = dict(type='ResumableEpochLoop', max_epochs=100)
auto_scale_lr = dict(base_batch_size=512)
custom_hooks = [dict(type='FixedLearningRateHook')]
