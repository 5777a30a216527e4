# Handwritten digits on crops of photographs, one a scene, to generate: real ink and real photos, whose factors beside
# the digit nobody knows. Boxes to train with, classes to test.
scenes = dict(type='DigitScenes', size=32, digit_scale=(0.45, 0.6), in_memory=True)

data_preprocessor = dict(type='ViewPreprocessor', mean=[127.5] * 3, std=[127.5] * 3, channels_last=True)
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_scenes=4096, supervision='none', **scenes))
test_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=2000, supervision='full', **scenes))
test_evaluator = dict(
    type='GenerationMetric', judge=dict(split='train', num_scenes=4096, supervision='image', **scenes))
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')
