# CutMix on every batch.
_base_ = '../cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'

model = dict(cutmix=dict(alpha=1.0))
