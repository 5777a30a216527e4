# CIFAR-10 with SimCLR's views for small images: its colours at half strength and no blur.
_base_ = './cifar10.py'

data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.08, 1.0), flip_prob=0.5),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
    ]] * 2)
