# What a detector must be better than: a classifier of tags on the same network, frozen, and the boxes of its class maps,
# of the photos that it was trained on.
_base_ = '../../localization/cam/cam_efficientnetlite0_1xb32-cos-5e_voc07.py'

test_dataloader = dict(dataset=dict(sets=['VOC2007/train'], supervision='boxes'))
test_evaluator = dict(_delete_=True, type='CorLocMetric')
