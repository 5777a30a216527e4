# The liveliest window of each clip of a folder of frames or videos: data/clips.
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], views=[[]])
train_dataloader = dict(
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ClipWindows', root='data/clips', length=16, size=227, in_memory=False, on_error='skip',
        supervision='none'))
benchmark = dict(dataset='ClipWindows')
