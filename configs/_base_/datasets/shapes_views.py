# The still scenes of `shapes.py` without labels, to pre-train on. What is learnt is judged by the tags of the images
# that segmentors are tested on: k-means, and linear classifiers on the tags of 1 % (20), 10 % (205) and all images.
scenes = dict(type='Shapes', num_classes=5, size=64, objects=(1, 3), context_classes=(0, 1), in_memory=True)

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54], channels_last=True)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_images=2048, supervision='none', **scenes))
benchmark = dict(
    dataset='Shapes',
    train=dict(split='train', num_images=2048, **scenes),
    test=dict(split='test', num_images=400, **scenes),
    protocols=dict(
        cluster=dict(),
        linear_1pct=dict(type='svm', costs=[1.0], max_train_images=20),  # too few to choose the cost on
        linear_10pct=dict(type='svm', costs='quick', max_train_images=205),
        linear_all=dict(type='svm', costs='quick')))
del scenes
