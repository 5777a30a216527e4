# FCN from whole masks of images with hidden cells, the paper's sizes at 64 of 224 pixels; masks stay as they are.
_base_ = './all_masks_r18w16_1xb32-cos-12e_shapes.py'
fill = [137.31 / 255, 127.38 / 255, 117.36 / 255]
data_preprocessor = dict(
    view=[dict(type='HideAndSeek', patch_sizes=(0, 5, 9, 12, 16), hide_prob=0.5, fill=fill)])
del fill
