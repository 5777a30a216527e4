# Actions of figures of sticks told by single frames, for a CPU.
frames = 4
clips = dict(type='ActionFigures', clip_length=8, size=48, supervision='image')
benchmark = dict(
    dataset='ActionFigures',
    batch_size=200,
    train=dict(type='ClipFrames', frames=frames, clips=dict(split='train', num_clips=600, **clips)),
    test=dict(type='ClipFrames', frames=frames, clips=dict(split='test', num_clips=300, **clips)),
    protocols=dict(action_probe=dict(frames=frames)))
del frames, clips
