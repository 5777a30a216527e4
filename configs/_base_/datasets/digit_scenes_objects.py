# Two to four digits on a photograph, made on the fly: a square around each to train with, whole scenes of other digits
# to test. What is hidden is known of every scene, and handed over for tests alone.
scenes = dict(type='DigitScenes', objects=(2, 4), size=64, digit_scale=(0.4, 0.65), supervision='full')

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], channels_last=True)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ObjectCrops', size=48, margin=1.5, in_memory=True,
        dataset=dict(split='train', num_scenes=2048, **scenes)))
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=200, **scenes))
test_evaluator = dict(type='SceneMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')
