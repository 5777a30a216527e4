# Hide-and-Seek as published for AlexNet: each image draws no patches or patches of 16, 32, 44 or 56 pixels.
_base_ = '../cam/cam_alexnet_1xb128-step-55e_ilsvrc.py'

data_preprocessor = dict(views=[[dict(type='HideAndSeek', patch_sizes=(0, 16, 32, 44, 56), hide_prob=0.5)]])
