# AlexNet with its fully connected layers over the whole map, margin, batch of 50 pairs and schedule as published.
# Patches are followed through the liveliest windows of each clip of data/clips.
_base_ = ['../../_base_/default_runtime.py']

model = dict(
    type='SiameseTriplets',
    backbone=dict(type='AlexNet', final_pool=True),
    neck=dict(type='MLPNeck', in_channels=256 * 36, hidden_channels=4096, out_channels=1024),
    grid=6)
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[dict(type='RandomHorizontalFlip')]] * 2)
train_dataloader = dict(
    batch_size=50,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='TrackedPatches', size=227, upscale=1, least_motion=10.0, supervision='none',
        clips=dict(
            type='ClipWindows', root='data/clips', length=30, size=256, windows=10, in_memory=False, on_error='skip',
            supervision='none')))
benchmark = dict(dataset='ClipWindows')
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[100000, 200000, 300000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=400000)
auto_scale_lr = dict(base_batch_size=50)
