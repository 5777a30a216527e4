# SEAM as published: Wide ResNet-38 with maps of 1/8, similarity from conv4 and conv5, the copy at 0.3. Starts from
# weights of ImageNet: --cfg-options load_from=FILE. Ours: maps are normalized before they are enlarged.
_base_ = [
    '../../../_base_/datasets/voc12aug_tags.py', '../../../_base_/schedules/weak_segmentation_poly.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='SEAM',
    backbone=dict(type='WideResNet', out_indices=(4, 5, 7), frozen_stages=2, norm_eval=True),
    head=dict(type='SEAMHead', num_classes=20, shallow_channels=(64, 128), correlation_channels=192, dropout=0.5),
    scale=0.3)
train_cfg = dict(max_epochs=8)
