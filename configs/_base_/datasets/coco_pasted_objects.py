# Objects of COCO's photos. Training: a square around each, by masks of what is seen; nothing else is known of them.
# Tests: objects of other photos pasted upon one another, so that what is hidden is known.
data_root = 'data/coco'
photos = dict(type='COCO', supervision='full')

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ObjectCrops', size=48, margin=1.5, min_pixels=400, in_memory=True,
        dataset=dict(ann_file=data_root + '/annotations/instances_train2017.json',
                     data_prefix=data_root + '/train2017', **photos)))
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='PastedObjects', num_scenes=200, size=128, objects=(2, 4),
        dataset=dict(ann_file=data_root + '/annotations/instances_val2017.json',
                     data_prefix=data_root + '/val2017', **photos)))
test_evaluator = dict(type='SceneMetric')
test_cfg = dict()
benchmark = dict(dataset='COCO')
