# One shape of one color before a gray texture, made on the fly: two shapes (parents), three colors of each (children),
# the same for both, and four textures. Objects are large, as in FineGAN's crops. Boxes to train with, all factors to
# test.
scenes = dict(
    type='FactorScenes', size=32, shapes=('circle', 'cross'), colors=3, textures=4, scale=(0.25, 0.33))

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[127.5] * 3, std=[127.5] * 3, channels_last=True)
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_images=4096, supervision='none', **scenes))
test_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_images=2000, supervision='full', **scenes))
test_evaluator = dict(type='GenerationMetric', judge=dict(num_images=4096, supervision='full', **scenes))
test_cfg = dict()
# In training every few epochs (train_cfg.val_interval), without clusters: whether the distance falls, and masks stay.
val_dataloader = test_dataloader
val_evaluator = dict(
    type='GenerationMetric', judge=dict(num_images=4096, supervision='full', **scenes), encoder_steps=0)
val_cfg = dict()
benchmark = dict(dataset='FactorScenes')
