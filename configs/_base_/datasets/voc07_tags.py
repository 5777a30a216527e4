# Photos of VOC2007 with all their tags, whole and as squares. The sets are train and val, so that a part of VOC serves
# as well as the whole. Pixel values as EfficientNet-Lite was trained on.
photos = dict(
    type='VOC',
    data_root='data/VOCdevkit',
    supervision='image',
    pipeline=[dict(type='ResizeToSquare', size=224, interpolation='bicubic', decode_reduced=True)])

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[127.0] * 3, std=[128.0] * 3, channels_last=True,
    views=[[dict(type='RandomResizedCrop', size=224, scale=(0.5, 1.0), flip_prob=0.5)]])

train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(sets=['VOC2007/train'], **photos))
test_dataloader = dict(
    batch_size=32,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(sets=['VOC2007/val'], **photos))
test_evaluator = dict(type='MultiLabelMetric')
test_cfg = dict()
benchmark = dict(dataset='VOC07')
