# ImageNet with MoCo v2's views, which SimSiam and DenseCL took over.
_base_ = './imagenet.py'

data_preprocessor = dict(
    views=[[
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
        dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.5),
    ]] * 2)
