# ResNet-50-GAP on maps of 28 x 28 with the settings of the WSOL benchmark, in which the last stage learns at the head's
# rate; the learning rate as users quote it from the authors' table. Starts from ImageNet weights: --cfg-options
# load_from=FILE.
_base_ = [
    '../../../_base_/datasets/wsol_cub.py', '../../../_base_/schedules/sgd_head10_step_50e.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='Localizer',
    backbone=dict(type='ResNet', depth=50, strides=(1, 2, 1, 1)),
    head=dict(type='CAMHead', num_classes=200))
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(layer4=dict(lr_mult=10.0))),
    optimizer=dict(lr=0.00023222617, weight_decay=1e-4))
