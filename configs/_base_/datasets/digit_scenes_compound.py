# One striped ellipse on a photograph, whose class is told by a digit upon it as well as by the direction of its
# stripes: a classifier may look at the digit alone, and has not found the object then. Tags to train with, boxes and
# masks to test.
scenes = dict(type='DigitScenes', kind='compound', size=96, body_evidence=1.0, in_memory=True)

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], channels_last=True)

train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_scenes=16384, supervision='image', **scenes))
test_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=2000, supervision='full', **scenes))
test_evaluator = dict(type='LocalizationMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')
