# 2 x 2 puzzles of the built-in scenes (cells of 16 px), on a ResNet-18 of base width 8: small enough to ask, in half a
# minute on one core, what the network looks at. The backgrounds are turned at random; see docs/shortcuts.md.
_base_ = ['../../_base_/models/jigsaw.py', '../../_base_/datasets/digit_scenes.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(depth=18, base_channels=8, stem='cifar'),
    neck=dict(in_channels=64, out_channels=64),
    head=dict(in_channels=4 * 64, num_classes=24),
    patch_size=14,
    grid=2,
    permutations=24)
data_preprocessor = dict(views=[[]])
train_dataloader = dict(batch_size=64)

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=50),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=2)
auto_scale_lr = dict(base_batch_size=64)
