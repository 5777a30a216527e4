# Hide-and-Seek as augmentation of segmentation: of the images alone, their class maps are whole. The patch sizes are
# those of localisation on 224 pixels; what the paper's segmentation (AlexNet-FCN, PASCAL 2011) has is not verified.
_base_ = './fcn_r50d8_4xb4-poly-20k_voc12aug.py'

data_preprocessor = dict(view=[dict(type='HideAndSeek', patch_sizes=(0, 16, 32, 44, 56), hide_prob=0.5)])
