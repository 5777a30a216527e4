# SEAM on ResNet-50 with maps of 1/16, of which weights are at hand: ours, with the constants of the published one.
_base_ = './seam_wrn38_1xb8-poly-8e_voc12aug.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNet',
        depth=50,
        strides=(1, 2, 2, 1),
        out_indices=(2, 3, 4),
        frozen_stages=1,
        norm_eval=True))
