# Pair labels of VOC2012 with the photos of SBD: what `mmwsl masks MAPS --out data/voc12aug_pair_labels` makes of class
# maps with two backgrounds. The leaf says the pipeline.
labels = 'data/voc12aug_pair_labels'
data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], divisor=16,
    channels_last=True)
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(type='ClassMaps', images=labels + '/images', maps=labels + '/masks', supervision='full'))
benchmark = dict(dataset='VOC12Aug')
