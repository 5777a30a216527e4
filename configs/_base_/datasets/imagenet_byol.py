# ImageNet with BYOL's two views, the first always blurred, the second seldom and at times solarised: the table of the
# BYOL paper, which Barlow Twins, VICReg and MoCo v3 took over.
_base_ = './imagenet.py'

jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(
    views=[
        [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=1.0)],
        [jitter, dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.1),
         dict(type='RandomSolarize', prob=0.2)],
    ])
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='RandomCrops', num_views=2, size=224, scale=(0.08, 1.0), flip_prob=0.5, interpolation='bicubic')]))
