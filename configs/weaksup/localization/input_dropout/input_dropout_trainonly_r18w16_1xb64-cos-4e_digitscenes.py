# The control of Hide-and-Seek: dropout of half of the input, in training only.
_base_ = '../cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'

mean = [115.92 / 255, 113.27 / 255, 102.92 / 255]
data_preprocessor = dict(views=[[dict(type='InputDropout', drop_prob=0.5, mean=mean)]])
del mean
