# One to three textured shapes of five classes, made on the fly: tags to train with, tags and masks to test. Circles
# and squares nearly always have their context behind them, stripes that are background: a classifier may look at these.
shapes = dict(type='Shapes', num_classes=5, size=64, objects=(1, 3), context_classes=(0, 1), in_memory=True)

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54], channels_last=True)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_images=8192, supervision='image', **shapes))
test_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_images=1000, supervision='full', **shapes))
test_evaluator = dict(type='MultiLabelMetric')
test_cfg = dict()
benchmark = dict(dataset='Shapes')
