# Ellipses with a digit upon them, and their pixels: a square around each object of scenes with one to four to train
# with; stacks that are three deep to test, by their true whole shapes.
scenes = dict(type='DigitScenes', kind='compound', size=64, digit_scale=(0.35, 0.55), supervision='full')

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], channels_last=True)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ObjectCrops', size=48, margin=1.5, enlarge=1.5, in_memory=True,
        dataset=dict(split='train', num_scenes=2400, objects=(1, 4), **scenes)))
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=200, objects=(3, 3), stacked=True, content=True, **scenes))
test_evaluator = dict(type='ContentMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitStacks')
