# Clips of the scenes of `shapes.py`, with estimated flow: no label is read. What is learnt of them is compared on still
# scenes of other seeds, whose class maps a network learns and is tested on.
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54], channels_last=True, views=[[]])
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='FlowFrames',
        supervision='none',
        clips=dict(type='Shapes', split='train', num_images=800, num_classes=5, size=64, objects=(1, 3), clip_length=3,
                   max_speed=0.06, supervision='none')))
benchmark = dict(
    dataset='Shapes',
    protocols=dict(segmentation=dict(config='mmwsl::benchmarks/quick/fcn_shapes.py', holdout=None)))
