# ImageNet with its labels, to train a classifier on and to score it: random crops, and one central crop in the test.
_base_ = './imagenet.py'

data_preprocessor = dict(views=[[]])
train_dataloader = dict(
    dataset=dict(
        supervision='image',
        pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))
test_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ImageFolder',
        data_root='data/imagenet/val',
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)]))
test_evaluator = dict(type='AccuracyMetric')
test_cfg = dict()
benchmark = dict(_delete_=True, dataset='ImageNet')
