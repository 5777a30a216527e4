# Attention MIL as published, one bag a step, on bags of scikit-learn's digits instead of MNIST's.
_base_ = ['../../../_base_/default_runtime.py']

model = dict(type='BagClassifier', backbone=dict(type='BagEncoder'), pooling=dict(type='AttentionPooling'))
data_preprocessor = dict(type='BagPreprocessor', mean=[79.56], std=[90.79])
bags = dict(type='DigitBags', mean_length=10, std_length=2, target=9)
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='collate_bags'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_bags=200, **bags))
test_dataloader = dict(
    batch_size=50,
    num_workers=0,
    collate_fn=dict(type='collate_bags'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_bags=200, supervision='full', **bags))
test_evaluator = dict(type='BagMetric')
test_cfg = dict()
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-4, betas=(0.9, 0.999), weight_decay=1e-4))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_epochs=20)
auto_scale_lr = dict(base_batch_size=1)
benchmark = dict(dataset='DigitBags')
