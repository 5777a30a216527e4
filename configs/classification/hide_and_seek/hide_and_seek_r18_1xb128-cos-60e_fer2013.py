# Hide-and-Seek where emotions are told, with the sizes of the paper's localization at 48 of 224 pixels.
_base_ = '../resnet/resnet_r18_1xb128-cos-60e_fer2013.py'

data_preprocessor = dict(views=[[
    dict(type='RandomResizedCrop', size=48, scale=(0.7, 1.0), flip_prob=0.5),
    dict(type='HideAndSeek', patch_sizes=(0, 3, 7, 9, 12), hide_prob=0.5, fill=129.5 / 255)
]])
