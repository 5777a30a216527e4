# Hide-and-Seek with mixed patch sizes on photos with several tags, on the frozen network of ImageNet; hidden is what
# becomes 0.
_base_ = '../cam/cam_efficientnetlite0_1xb32-cos-5e_voc07.py'

data_preprocessor = dict(views=[[
    dict(type='RandomResizedCrop', size=224, scale=(0.5, 1.0), flip_prob=0.5),
    dict(type='HideAndSeek', patch_sizes=(0, 16, 32, 44, 56), hide_prob=0.5, fill=127 / 255)]])
