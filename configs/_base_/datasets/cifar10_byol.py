# CIFAR-10 with BYOL's two views for small images: no blur, the second is solarised at times.
_base_ = './cifar10.py'

crop = dict(type='RandomResizedCrop', size=32, scale=(0.08, 1.0), flip_prob=0.5)
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(views=[[crop, jitter], [crop, jitter, dict(type='RandomSolarize', prob=0.2)]])
