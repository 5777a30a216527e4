# Faces of people who are known, with hidden cells, the paper's sizes at 64 of 224 pixels; its features are for the
# faces of others.
_base_ = '../resnet/resnet_r18w16_1xb32-cos-80e_orlfaces.py'

data_preprocessor = dict(views=[[
    dict(type='RandomResizedCrop', size=64, scale=(0.5, 1.0), flip_prob=0.5),
    dict(type='ColorJitter', brightness=0.4, contrast=0.4, prob=0.8),
    dict(type='HideAndSeek', patch_sizes=(0, 5, 9, 12, 16), hide_prob=0.5, fill=115 / 255)
]])
