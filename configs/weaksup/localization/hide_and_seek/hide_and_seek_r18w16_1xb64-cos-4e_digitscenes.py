# Hide-and-Seek with mixed patch sizes: none and 16, 32, 44 and 56 of 224 pixels, as shares of 96.
_base_ = '../cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'

fill = [115.92 / 255, 113.27 / 255, 102.92 / 255]
data_preprocessor = dict(
    views=[[dict(type='HideAndSeek', patch_sizes=(0, 7, 14, 19, 24), hide_prob=0.5, fill=fill)]])
del fill
