# SEAM on scenes with one or two digits, for a CPU: network, scenes and schedule are those of
# cam/cam_tags_r18w16_1xb64-cos-8e_digitscenes.py, so that their maps compare.
_base_ = '../../localization/cam/cam_tags_r18w16_1xb64-cos-8e_digitscenes.py'

model = dict(
    type='SEAM',
    backbone=dict(out_indices=(1, 2, 3)),
    head=dict(
        _delete_=True,
        type='SEAMHead',
        num_classes=10,
        shallow_channels=(16, 32),
        correlation_channels=48,
        dropout=0.0),
    scale=0.5)
