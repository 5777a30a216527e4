# Pair labels of a part of VOC2007: what `mmwsl masks MAPS --out data/voc07_pair_labels` makes of class maps with two
# backgrounds, on small photos for a CPU. Pixel values as EfficientNet-Lite was trained on.
labels = 'data/voc07_pair_labels'
data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[127.0] * 3, std=[128.0] * 3, divisor=16, channels_last=True)
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ClassMaps',
        images=labels + '/images',
        maps=labels + '/masks',
        supervision='full',
        pipeline=[
            dict(type='RandomScale', size=(320, 320), factors=(0.75, 1.5)),
            dict(type='RandomCropMap', size=224, most=1.0, fill=(127, 127, 127)),
            dict(type='RandomFlip', prob=0.5),
        ]))
benchmark = dict(dataset='VOC07')
