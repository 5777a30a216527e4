# CIFAR-10 with its labels, to train a classifier on and to score it.
_base_ = './cifar10.py'

data_preprocessor = dict(views=[[dict(type='RandomResizedCrop', size=32, scale=(0.5, 1.0), flip_prob=0.5)]])
train_dataloader = dict(dataset=dict(supervision='image'))
test_dataloader = dict(
    batch_size=500,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(type='CIFAR10', data_root='data/cifar10', split='test'))
test_evaluator = dict(type='AccuracyMetric')
test_cfg = dict()
