# InceptionV3-GAP on OpenImages30k, for as long as the benchmark trains VGG16 there. Our choice: the learning rate and
# the maps of 28 x 28, which are those of CUB. Starts from ImageNet weights: --cfg-options load_from=FILE.
_base_ = [
    '../../../_base_/datasets/wsol_openimages.py', '../../../_base_/schedules/sgd_head10_step_50e.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='Localizer',
    backbone=dict(type='InceptionV3', stride=1),
    head=dict(type='CAMHead', num_classes=100, channels=(1024, 1024), dropout=0.5))
optim_wrapper = dict(optimizer=dict(lr=0.00224844746))
param_scheduler = [dict(type='MultiStepLR', milestones=[3, 6, 9], gamma=0.1)]
train_cfg = dict(max_epochs=10)
