# The network that the other recipes on these scenes start from: trained where stripes tell nothing, it knows digits.
_base_ = './cam_r18w16_1xb64-cos-4e_digitscenes.py'

train_dataloader = dict(dataset=dict(body_evidence=0.0))
train_cfg = dict(max_epochs=8)
