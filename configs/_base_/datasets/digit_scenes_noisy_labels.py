# One digit on a photograph, made on the fly, and a fifth of the labels wrong: any other class, planted by a seed. The
# test's labels are right.
scenes = dict(type='DigitScenes', size=32, digit_scale=(0.6, 0.9), in_memory=True, supervision='image')

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], channels_last=True)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='NoisyLabels', kind='symmetric', rate=0.2, dataset=dict(split='train', num_scenes=4096, **scenes)))
test_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=2000, **scenes))
test_evaluator = dict(type='AccuracyMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')
