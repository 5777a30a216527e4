# The quickstart: 32 scenes in four rotations a step. The backgrounds are turned at random, so only the digit tells.
_base_ = ['../../_base_/models/rotation.py', '../../_base_/datasets/digit_scenes.py', '../../_base_/default_runtime.py']

model = dict(backbone=dict(depth=18, base_channels=16, stem='cifar'), head=dict(in_channels=128))
data_preprocessor = dict(views=[[]])

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=5)
auto_scale_lr = dict(base_batch_size=32)
