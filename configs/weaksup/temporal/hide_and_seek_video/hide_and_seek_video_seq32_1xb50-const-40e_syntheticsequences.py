# Hide-and-Seek in time on synthetic sequences, whose actions are a strong peak of 3 steps in a weak pattern of 15.
_base_ = '../../../_base_/default_runtime.py'

model = dict(type='TemporalLocalizer', in_channels=32, num_classes=5, channels=64, segments=20, hide_prob=0.5)
data_preprocessor = dict(type='BaseDataPreprocessor')
sequences = dict(type='SyntheticSequences', num_classes=5, channels=32)
train_dataloader = dict(
    batch_size=50,
    num_workers=0,
    collate_fn=dict(type='collate_sequences'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_sequences=500, **sequences))
test_dataloader = dict(
    batch_size=50,
    num_workers=0,
    collate_fn=dict(type='collate_sequences'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_sequences=300, supervision='full', **sequences))
test_evaluator = dict(type='TemporalMetric')
test_cfg = dict()
custom_hooks = [dict(type='MeanFeatureHook')]
default_hooks = dict(checkpoint=dict(interval=10))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_epochs=40)
auto_scale_lr = dict(base_batch_size=50)
benchmark = dict(dataset='SyntheticSequences')
