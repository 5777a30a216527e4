_base_ = ['../../_base_/models/simclr.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    views=dict(
        num=2,
        pipeline=[
            dict(type='ColorJitter', brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, prob=0.8, gray_prob=0.2),
            dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.5),
        ]))
train_dataloader = dict(
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=2, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))

# lr 0.3 per 256 images
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='LARS', lr=0.3, momentum=0.9, weight_decay=1e-6))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, begin=0, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=190, begin=10, end=200, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
