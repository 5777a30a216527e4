# One to three textured shapes on 128 pixels, made on the fly: boxes and masks to train with and to score.
scenes = dict(type='Shapes', objects=(1, 3), size=128, supervision='full')

data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54], channels_last=True)
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_images=1024, **scenes))
test_dataloader = dict(
    batch_size=16,
    num_workers=0,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_images=200, **scenes))
test_evaluator = dict(type='InstanceMetric')
test_cfg = dict()
benchmark = dict(dataset='Shapes')
