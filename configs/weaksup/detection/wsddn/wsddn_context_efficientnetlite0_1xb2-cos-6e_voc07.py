# WSDDN whose second stream compares a region with its surroundings, for some hundred photos and a CPU. The network is
# frozen as a whole, and an epoch takes half of the time that wsddn_efficientnetlite0_1xb2-cos-8e_voc07.py needs.
_base_ = 'wsddn_efficientnetlite0_1xb2-cos-8e_voc07.py'

model = dict(context=0.4, backbone=dict(frozen_stages=4))
train_cfg = dict(max_epochs=6)
