# ToCo on textured shapes of which two have a context that misleads, for a CPU: maps of 1/4, crops of 24 px. Sizes and
# schedule are ours.
_base_ = ['../../../_base_/datasets/shapes.py', '../../../_base_/default_runtime.py']

model = dict(
    type='ToCo',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(3, 4)),
    head=dict(
        type='TwoMapHead',
        num_classes=5,
        decoder=dict(type='LargeFOVHead', channels=64, dilations=(2, 2), norm_cfg=dict(type='BN'))),
    projector=dict(type='MLPNeck', hidden_channels=128, out_channels=64, norm_cfg=None),
    warmup=0.3,
    assignment_scales=(1.0, 0.5),
    low=0.25,
    high=0.6,
    crops=6,
    crop_size=24,
    regularization_weight=0.0)
data_preprocessor = dict(views=[[dict(type='RandomHorizontalFlip')]])
train_dataloader = dict(batch_size=32, dataset=dict(num_images=2048))
test_dataloader = dict(dataset=dict(num_images=400))
test_evaluator = [dict(type='IoUMetric', num_classes=6), dict(type='MultiLabelMetric')]

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=20),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=8)
auto_scale_lr = dict(base_batch_size=32)
