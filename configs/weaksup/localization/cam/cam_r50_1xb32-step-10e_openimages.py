# ResNet-50-GAP on OpenImages30k, for as long as the benchmark trains VGG16 there. Our choice: the learning rate and the
# maps of 28 x 28, which are those of CUB. Starts from ImageNet weights: --cfg-options load_from=FILE.
_base_ = [
    '../../../_base_/datasets/wsol_openimages.py', '../../../_base_/schedules/sgd_head10_step_50e.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='Localizer',
    backbone=dict(type='ResNet', depth=50, strides=(1, 2, 1, 1)),
    head=dict(type='CAMHead', num_classes=100))
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(layer4=dict(lr_mult=10.0))),
    optimizer=dict(lr=0.00023222617, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[3, 6, 9], gamma=0.1)]
train_cfg = dict(max_epochs=10)
