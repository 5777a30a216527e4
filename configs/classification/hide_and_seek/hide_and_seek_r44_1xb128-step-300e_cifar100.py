# Hide-and-Seek as augmentation. The patch sizes for images of 32 pixels are not verified.
_base_ = '../resnet/resnet_r44_1xb128-step-300e_cifar100.py'

fill = [129.304 / 255, 124.070 / 255, 112.434 / 255]
data_preprocessor = dict(views=[[
    dict(type='RandomPaddedCrop', size=32, padding=4), dict(type='RandomHorizontalFlip'),
    dict(type='HideAndSeek', patch_sizes=(0, 4, 8), hide_prob=0.5, fill=fill)
]])
del fill
