# SEAM on scenes with one or two digits, for a CPU: maps of 1/4, the copy at a half. It is meant to start from a network
# that tells single digits, as those for photos start from ImageNet: --cfg-options load_from=CHECKPOINT of
# configs/weaksup/detection/start/start_r18w16_1xb64-cos-6e_digitscenes.py.
_base_ = ['../../../_base_/datasets/digit_scenes_tags.py', '../../../_base_/default_runtime.py']

model = dict(
    type='SEAM',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(1, 2, 3)),
    head=dict(type='SEAMHead', num_classes=10, shallow_channels=(16, 32), correlation_channels=48, dropout=0.0),
    scale=0.5)
find_unused_parameters = True  # of the fourth stage
train_dataloader = dict(batch_size=32, dataset=dict(num_scenes=1024))

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=10),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=4)
auto_scale_lr = dict(base_batch_size=32)
