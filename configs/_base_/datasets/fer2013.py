# Emotions in folders of seven classes, as FER2013 has them: grey faces of 48 pixels. Any folders of the kind do:
# --data FOLDER.
faces = dict(type='ImageFolder', in_memory=True, size=48)

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[129.5] * 3, std=[65.0] * 3, channels_last=True,
    views=[[dict(type='RandomResizedCrop', size=48, scale=(0.7, 1.0), flip_prob=0.5)]])
train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(data_root='data/fer2013/train', supervision='image', **faces))
test_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(data_root='data/fer2013/test', **faces))
test_evaluator = dict(type='AccuracyMetric')
test_cfg = dict()
benchmark = dict(dataset='FER2013')
del faces
