# Clips of a shape that moves faster and faster, turns and grows, made on the fly: the order of frames can be seen.
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], views=[[]])
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='MotionClips', kind='accelerating', split='train', num_clips=2000, size=48, clip_length=8, in_memory=True,
        supervision='none'))
benchmark = dict(dataset='MotionClips')
