# CutMix on every batch.
_base_ = '../cam/cam_r18w16_1xb128-cos-8e_digitscenes.py'

model = dict(cutmix=dict(alpha=1.0))
