# Figures of several parts before a textured ground, made on the fly with their true flow: nothing to download.
# Tested on clips of the other split, by their truth.
clips = dict(type='MotionClips', size=64, supervision='full')
frames = dict(type='FlowFrames', method='true', supervision='none')
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[]])
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(clips=dict(split='train', num_clips=2400, **clips), **frames))
test_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(clips=dict(split='test', num_clips=200, **clips), truth=True, **frames))
test_evaluator = dict(type='FlowMetric')
test_cfg = dict()
benchmark = dict(dataset='MotionClips')
