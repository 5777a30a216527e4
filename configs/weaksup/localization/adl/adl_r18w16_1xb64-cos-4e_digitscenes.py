# Attention-based dropout behind the second stage and the blocks of the third.
_base_ = '../cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'

adl = dict(type='ADL', drop_rate=0.75, threshold=0.8)
model = dict(after={'layer2': adl, 'layer3.0': adl, 'layer3.1': adl})
del adl
