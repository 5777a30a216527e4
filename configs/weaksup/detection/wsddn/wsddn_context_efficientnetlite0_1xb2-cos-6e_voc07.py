# WSDDN whose second stream compares a region with its surroundings, for some hundred photos and a CPU. The network is
# frozen as a whole, a region's feature is the mean of its samples, and the streams are linear in it: with layers of 512
# between, few photos are learnt by heart, and OICR finds nothing.
_base_ = 'wsddn_efficientnetlite0_1xb2-cos-8e_voc07.py'

model = dict(context=0.4, region_size=1, sampling_ratio=6, fc_channels=(), backbone=dict(frozen_stages=4))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=6)
