_base_ = [
    '../../_base_/models/simclr.py', '../../_base_/datasets/imagenet.py',
    '../../_base_/schedules/lars_cos_200e.py', '../../_base_/default_runtime.py'
]

data_preprocessor = dict(
    views=[[
        dict(type='ColorJitter', brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, prob=0.8, gray_prob=0.2),
        dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.5),
    ]] * 2)
train_dataloader = dict(
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=2, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))

optim_wrapper = dict(optimizer=dict(lr=0.3))  # per 256 images
auto_scale_lr = dict(base_batch_size=256)
