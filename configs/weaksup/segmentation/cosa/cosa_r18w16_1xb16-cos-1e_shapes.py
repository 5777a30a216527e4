# CoSA with all of its parts on textured shapes of which two have a context that misleads, for a CPU: maps of 1/4, the
# auxiliary one of the stage before the final one. It goes on from the class maps of
# cosa_classifier_r18w16_1xb32-cos-4e_shapes.py, the warm-up (load_from=ITS_CHECKPOINT; configs/suites/cosa.py does it).
# Sizes, schedule, rates, the momentum for 96 steps and the weights of the two swapped losses are ours: published ones
# are for 40,000 steps of a network from ImageNet. Reliability weights have mean 1 over the background and over objects
# each; over the image, as printed, they make the background count more (suites/cosa.py has both).
_base_ = ['../../../_base_/datasets/shapes.py', '../../../_base_/default_runtime.py']

model = dict(
    type='CoSA',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(2, 3)),
    head=dict(
        type='TwoMapHead',
        num_classes=5,
        decoder=dict(type='LargeFOVHead', channels=64, dilations=(2, 2), norm_cfg=dict(type='BN'))),
    warmup=0.0,
    momentum=0.98,
    assignment_scales=(1.0, 0.5),
    thresholds=dict(num_components=2, low=0.15, high=0.35, length=20, momentum=0.9, iterations=50),
    reliability=dict(alpha=0.8, beta=1.0),
    reliability_over='label',
    segmentation_weight=0.5,
    guidance_weight=0.5,
    regularization_weight=0.0,
    separation_weight=0.1)
find_unused_parameters = True  # of the fourth stage
data_preprocessor = dict(chained=True, views=[[dict(type='RandomHorizontalFlip')], [dict(type='RandomOperation')]])
train_dataloader = dict(batch_size=16, dataset=dict(num_images=1536))
test_dataloader = dict(dataset=dict(num_images=400))
test_evaluator = [
    dict(type='IoUMetric', num_classes=6),
    dict(type='ClassMapIoUMetric', num_classes=6),
    dict(type='MultiLabelMetric'),
]

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01),
    paramwise_cfg=dict(custom_keys={'decoder': dict(lr_mult=5.0)}))  # it starts from nothing
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=10),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=1)
auto_scale_lr = dict(base_batch_size=16)
