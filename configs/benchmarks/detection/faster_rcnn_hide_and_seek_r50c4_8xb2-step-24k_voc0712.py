# Hide-and-Seek as augmentation of detection: of the images alone, their boxes stay. No paper has this; the patch sizes
# are those of localisation on 224 pixels. The norms' statistics are taken anew from images with hidden cells too.
_base_ = './faster_rcnn_r50c4_8xb2-step-24k_voc0712.py'

data_preprocessor = dict(view=[dict(type='HideAndSeek', patch_sizes=(0, 16, 32, 44, 56), hide_prob=0.5)])
