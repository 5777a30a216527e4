# Ellipses with a digit upon them: trained by a square around each object of scenes with one to four, tested on stacks
# that are three deep, where the third hides some of the first by way of the second.
scenes = dict(type='DigitScenes', kind='compound', size=64, digit_scale=(0.35, 0.55), supervision='full')

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], channels_last=True)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ObjectCrops', size=48, margin=1.5, enlarge=5.0, in_memory=True,
        dataset=dict(split='train', num_scenes=2400, objects=(1, 4), **scenes)))
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=200, objects=(3, 3), stacked=True, **scenes))
test_evaluator = dict(type='SceneMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitStacks')
