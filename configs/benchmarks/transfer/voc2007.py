# The twelve sets of SimCLR's transfer table: VOC2007, in its own layout.
_base_ = '../../_base_/datasets/transfer_lists.py'

pipeline = [dict(type='ResizeCenterCrop', resize=224, crop=224)]
photos = dict(type='VOC', data_root='data/VOCdevkit', pipeline=pipeline)
benchmark = dict(
    dataset='VOC2007',
    train=dict(_delete_=True, **photos, sets=['VOC2007/trainval']),
    test=dict(_delete_=True, **photos, sets=['VOC2007/test']),
    protocols=dict(logistic=dict(metric='mAP_11points')))
