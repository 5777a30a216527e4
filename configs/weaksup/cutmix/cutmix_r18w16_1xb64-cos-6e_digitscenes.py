# CutMix on every batch.
_base_ = '../cam/cam_r18w16_1xb64-cos-6e_digitscenes.py'

model = dict(cutmix=dict(alpha=1.0))
