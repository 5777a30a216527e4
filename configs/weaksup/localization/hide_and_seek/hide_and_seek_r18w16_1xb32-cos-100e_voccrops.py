# Hide-and-Seek with mixed patch sizes on crops of VOC2007's photos: none and 16, 32, 44 and 56 of 224 pixels, of 96.
_base_ = '../cam/cam_r18w16_1xb32-cos-100e_voccrops.py'

data_preprocessor = dict(views=[[
    dict(type='RandomResizedCrop', size=96, scale=(0.5, 1.0), flip_prob=0.5),
    dict(type='HideAndSeek', patch_sizes=(0, 7, 14, 19, 24), hide_prob=0.5)]])
