# A small recipe for a CPU: patches of 32 pixels that were followed through clips of eight frames.
_base_ = ['../../_base_/schedules/adamw_cos_small.py', '../../_base_/default_runtime.py']

model = dict(
    type='SiameseTriplets',
    backbone=dict(type='ResNet', depth=18, base_channels=8, strides=(1, 1, 2, 2)),
    neck=dict(type='MLPNeck', in_channels=64, hidden_channels=64, out_channels=32))
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[]] * 2)
train_dataloader = dict(
    batch_size=50,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='TrackedPatches', supervision='none',
        clips=dict(
            type='MotionClips', kind='accelerating', split='train', num_clips=1500, size=64, clip_length=8,
            supervision='none')))
benchmark = dict(dataset='MotionClips')
train_cfg = dict(max_epochs=60)
auto_scale_lr = dict(base_batch_size=50)
