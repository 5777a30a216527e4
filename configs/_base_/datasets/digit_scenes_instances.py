# A few scenes with two to four digits on a photograph, made on the fly, with masks and boxes of what is seen to train
# with; other digits to test. `prob` of the training images are composed anew of the scenes' own parts.
scenes = dict(type='DigitScenes', objects=(2, 4), size=64, digit_scale=(0.4, 0.65), supervision='full')

data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], divisor=32,
    channels_last=True)
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='Recomposed', prob=0.0, objects=(2, 4), dataset=dict(split='train', num_scenes=160, **scenes)))
test_dataloader = dict(
    batch_size=20,
    num_workers=0,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=200, **scenes))
test_evaluator = dict(type='InstanceMetric', visible_boxes=True)
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')
