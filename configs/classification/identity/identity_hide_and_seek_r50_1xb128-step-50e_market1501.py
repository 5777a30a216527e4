# The same with Hide-and-Seek; the patch sizes are those of its localization, which of them it has here is not verified.
_base_ = './identity_r50_1xb128-step-50e_market1501.py'

data_preprocessor = dict(views=[[
    dict(type='RandomResizedCrop', size=(256, 128), scale=(0.64, 1.0), ratio=(1 / 3, 1 / 2), flip_prob=0.5),
    dict(type='HideAndSeek', patch_sizes=(0, 16, 32, 44, 56), hide_prob=0.5)
]])
