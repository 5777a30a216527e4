# The control of Hide-and-Seek: dropout of half of the input, in training and in the test. The training is that of
# input_dropout_trainonly, so a checkpoint of either serves for both.
_base_ = './input_dropout_trainonly_r18w16_1xb64-cos-4e_digitscenes.py'

mean = [115.92 / 255, 113.27 / 255, 102.92 / 255]
data_preprocessor = dict(test_view=[dict(type='InputDropout', drop_prob=0.5, mean=mean)])
del mean
