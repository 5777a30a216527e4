# One to three digits on a photograph of 128 pixels, made on the fly: boxes and masks to train with and to score.
scenes = dict(type='DigitScenes', objects=(1, 3), size=128, digit_scale=(0.25, 0.5), supervision='full')

data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], channels_last=True)
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_scenes=1024, **scenes))
test_dataloader = dict(
    batch_size=16,
    num_workers=0,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=200, **scenes))
test_evaluator = dict(type='InstanceMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')
