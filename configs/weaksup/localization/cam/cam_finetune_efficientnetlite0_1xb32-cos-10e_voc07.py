# Class activation maps of photos with several tags, the network's last two stages trained too, by a tenth of the
# classifier's learning rate; batch norm stays as ImageNet left it.
_base_ = './cam_efficientnetlite0_1xb32-cos-5e_voc07.py'

model = dict(backbone=dict(frozen_stages=2, norm_eval=True), frozen=False)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1, decay_mult=0.01)}))
train_cfg = dict(max_epochs=10)
