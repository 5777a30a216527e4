# The network that the small recipes on shapes start from, as those for photos start from ImageNet: it tells single
# shapes of the same size, 16 to 29 pixels, by their class, and no context comes with any.
_base_ = ['../../../_base_/datasets/shapes.py', '../../../_base_/default_runtime.py']

model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(2, 3)),
    head=dict(type='MultiLayerHead', num_classes=5, layers=(2, 3), pooling='adaptive', norm_cfg=None))
find_unused_parameters = True  # of the fourth stage
single = dict(size=32, objects=(1, 1), scale=(0.5, 0.9), context_classes=())
train_dataloader = dict(dataset=dict(num_images=16384, **single))
test_dataloader = dict(dataset=dict(num_images=500, **single))
test_evaluator = dict(_delete_=True, type='AccuracyMetric')
del single
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=3)
auto_scale_lr = dict(base_batch_size=64)
