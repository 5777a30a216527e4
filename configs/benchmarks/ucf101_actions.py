# Actions of UCF101 told by 25 frames of each video, first split; other splits by their lists. Not run here.
frames = 25
root = 'data/ucf101'
clips = dict(
    type='ActionClips', root=root + '/videos', classes_file=root + '/classInd.txt', length=frames, size=224,
    supervision='image')
benchmark = dict(
    dataset='UCF101 (split 1)',
    batch_size=100,
    train=dict(type='ClipFrames', frames=frames, clips=dict(list_file=root + '/trainlist01.txt', **clips)),
    test=dict(type='ClipFrames', frames=frames, clips=dict(list_file=root + '/testlist01.txt', **clips)),
    protocols=dict(action_probe=dict(frames=frames)))
del frames, root, clips
