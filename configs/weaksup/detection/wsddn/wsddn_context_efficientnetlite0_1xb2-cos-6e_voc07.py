# WSDDN whose second stream compares a region with its surroundings, for some hundred photos and a CPU. The network is
# frozen as a whole, and a region's feature is the mean of its samples: a step is several times faster than that of
# wsddn_efficientnetlite0_1xb2-cos-8e_voc07.py.
_base_ = 'wsddn_efficientnetlite0_1xb2-cos-8e_voc07.py'

model = dict(context=0.4, region_size=1, sampling_ratio=6, backbone=dict(frozen_stages=4))
optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(max_epochs=6)
