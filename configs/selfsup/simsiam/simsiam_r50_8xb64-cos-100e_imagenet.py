_base_ = ['../../_base_/models/simsiam.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    views=dict(
        num=2,
        pipeline=[
            dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
            dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.5),
        ]))
train_dataloader = dict(batch_size=64)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(custom_keys=dict(head=dict(fixed_lr=True))),
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))  # 0.05 per 256 images
param_scheduler = [dict(type='CosineAnnealingLR', T_max=100, begin=0, end=100)]  # per epoch, as published
train_cfg = dict(type='ResumableEpochLoop', max_epochs=100)
auto_scale_lr = dict(base_batch_size=512)
custom_hooks = [
    dict(type='IterationSeedHook'), dict(type='TeacherHook'), dict(type='PixelCountHook'),
    dict(type='FixedLearningRateHook')
]
