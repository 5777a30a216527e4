# Frames with flow, as `mmwsl flow CLIPS --out data/flow --masks` writes them. Flips negate dx; the released recipe of
# CMP has none. Views of the preprocessor may change colors, but move nothing.
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[]])
train_dataloader = dict(
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='FlowPairs',
        list_file='data/flow/pairs.jsonl',
        supervision='none',
        pipeline=[dict(type='ResizeShortEdge', short=416, longest=4160)]))
benchmark = dict(dataset='FlowPairs')
