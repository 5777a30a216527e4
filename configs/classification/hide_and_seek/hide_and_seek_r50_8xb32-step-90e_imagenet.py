# Hide-and-Seek as augmentation, with the patch sizes of the paper's localisation on crops of 224 pixels; whether its
# classification has the same, and the schedule, are not verified.
_base_ = '../resnet/resnet_r50_8xb32-step-90e_imagenet.py'

data_preprocessor = dict(views=[[dict(type='HideAndSeek', patch_sizes=(0, 16, 32, 44, 56), hide_prob=0.5)]])
