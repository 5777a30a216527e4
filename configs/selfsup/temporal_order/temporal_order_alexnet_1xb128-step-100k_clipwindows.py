# Shuffle and Learn with the published batch, rates and steps. The layers over the map are AlexNet's, over all three
# frames together, where the paper has them for each; gap and span are ours, the paper tunes them.
_base_ = ['../../_base_/datasets/clip_windows.py', '../../_base_/default_runtime.py']

model = dict(
    type='TemporalOrder',
    backbone=dict(type='AlexNet'),
    neck=dict(type='MLPNeck', in_channels=3 * 256 * 36, hidden_channels=4096, out_channels=4096),
    head=dict(type='ClassificationHead', num_classes=2),
    length=16,
    span=4,
    grid=6)
train_dataloader = dict(batch_size=128)
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[80000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=100000)
auto_scale_lr = dict(base_batch_size=128)
