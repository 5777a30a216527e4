# Hide-and-Seek as published for GoogLeNet: patches of 32 pixels, the best of its sizes; the mixed ones are published
# for AlexNet alone. What is our choice in the training: see the plain network's config.
_base_ = '../cam/cam_googlenet_1xb128-step-40e_ilsvrc.py'

data_preprocessor = dict(views=[[dict(type='HideAndSeek', patch_sizes=(32,), hide_prob=0.5)]])
