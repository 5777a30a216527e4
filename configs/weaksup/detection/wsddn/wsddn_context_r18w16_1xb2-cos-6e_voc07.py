# WSDDN that compares a region with its surroundings, on a frozen self-supervised network of ours:
# --cfg-options load_from=CHECKPOINT of simclr_r18w16_1xb256-cos-10e_cifar10.py
_base_ = 'wsddn_context_efficientnetlite0_1xb2-cos-6e_voc07.py'

model = dict(
    backbone=dict(
        _delete_=True, type='ResNet', depth=18, base_channels=16, stem='cifar', out_indices=(4,), frozen_stages=4,
        norm_eval=True),
    stride=8)
data_preprocessor = dict(mean=[125.307, 122.961, 113.8575], std=[62.985, 62.0925, 66.7080])
