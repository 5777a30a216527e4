# Handwritten digits on crops of photographs, made on the fly from what comes with scikit-learn: nothing to download.
scenes = dict(type='DigitScenes', size=32, digit_scale=(0.6, 0.9), in_memory=True)

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True)

train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_scenes=8192, supervision='none', **scenes))

benchmark = dict(
    dataset='DigitScenes',
    batch_size=500,
    train=dict(split='train', seed=1, num_scenes=4000, **scenes),
    test=dict(split='test', num_scenes=2000, **scenes),
    protocols=dict(knn=dict(k=(20,), temperature=0.1), linear=dict(), svm=dict(costs='quick')))
