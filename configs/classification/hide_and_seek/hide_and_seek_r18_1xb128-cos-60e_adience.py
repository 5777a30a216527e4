# Hide-and-Seek where ages are told, with the patch sizes of the paper's localization.
_base_ = '../resnet/resnet_r18_1xb128-cos-60e_adience.py'

data_preprocessor = dict(views=[[dict(type='HideAndSeek', patch_sizes=(0, 16, 32, 44, 56), hide_prob=0.5)]])
