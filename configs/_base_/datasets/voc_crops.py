# Squares around single objects of VOC2007's photos that hold one class each: tags to train with, boxes to test. The
# sets are train and val, so that a part of VOC serves as well as the whole.
crops = dict(type='SingleClassCrops', size=96)
photos = dict(type='VOC', data_root='data/VOCdevkit')

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[dict(type='RandomResizedCrop', size=96, scale=(0.5, 1.0), flip_prob=0.5)]])

train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(dataset=dict(sets=['VOC2007/train'], **photos), supervision='image', **crops))
test_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(dataset=dict(sets=['VOC2007/val'], **photos), supervision='boxes', **crops))
test_evaluator = dict(type='LocalizationMetric')
test_cfg = dict()
benchmark = dict(dataset='VOC-crops')
