# OICR for some hundred photos and a CPU from a self-supervised network of ours, half of it frozen:
# --cfg-options load_from=CHECKPOINT of simclr_r18w16_1xb256-cos-10e_cifar10.py
_base_ = 'oicr_efficientnetlite0_1xb2-cos-8e_voc07.py'

model = dict(
    backbone=dict(
        _delete_=True, type='ResNet', depth=18, base_channels=16, stem='cifar', out_indices=(4,), frozen_stages=2,
        norm_eval=True),
    stride=8)
data_preprocessor = dict(mean=[125.307, 122.961, 113.8575], std=[62.985, 62.0925, 66.7080])
