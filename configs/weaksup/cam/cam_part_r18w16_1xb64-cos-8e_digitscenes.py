# The network that the other recipes on these scenes start from: trained where stripes tell nothing, it knows digits.
_base_ = './cam_r18w16_1xb64-cos-4e_digitscenes.py'

train_dataloader = dict(dataset=dict(body_evidence=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=7, begin=1, end=8, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=8)
