# Pair labels of scenes: what `mmwsl masks MAPS --out data/digit_scenes_pair_labels` makes of class maps with two
# backgrounds.
labels = 'data/digit_scenes_pair_labels'
data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], divisor=8,
    channels_last=True)
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ClassMaps',
        images=labels + '/images',
        maps=labels + '/masks',
        image_suffix='.png',
        supervision='full',
        pipeline=[dict(type='RandomFlip', prob=0.0)]))
benchmark = dict(dataset='DigitScenes')
