# From random weights, for chains that train one CoSA alone; the comparison of its parts is of 1xb16-cos-1e_shapes.
# CoSA with all of its parts on textured shapes of which two have a context that misleads, for a CPU: maps of 1/4. Sizes
# and schedule are ours, so is the momentum, for a run of 500 steps, and the thresholds start in the middle.
_base_ = ['../../../_base_/datasets/shapes.py', '../../../_base_/default_runtime.py']

model = dict(
    type='CoSA',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(3, 4)),
    head=dict(
        type='TwoMapHead',
        num_classes=5,
        decoder=dict(type='LargeFOVHead', channels=64, dilations=(2, 2), norm_cfg=dict(type='BN'))),
    warmup=0.3,
    momentum=0.99,
    assignment_scales=(1.0, 0.5),
    thresholds=dict(num_components=2, low=0.4, high=0.4, length=20, momentum=0.95, iterations=50),
    reliability=dict(alpha=0.8, beta=1.0),
    regularization_weight=0.0,
    separation_weight=0.1)
data_preprocessor = dict(chained=True, views=[[dict(type='RandomHorizontalFlip')], [dict(type='RandomOperation')]])
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
