# One or two digits on a photograph, made on the fly: their tags to train with.
scenes = dict(type='DigitScenes', objects=(1, 2), size=64, in_memory=True)

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], channels_last=True)

train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_scenes=8192, supervision='image', **scenes))
test_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=1000, supervision='image', **scenes))
test_evaluator = dict(type='MultiLabelMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')
