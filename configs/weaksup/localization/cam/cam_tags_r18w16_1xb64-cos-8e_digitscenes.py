# Class activation maps of scenes with one or two digits, from tags, for a CPU: the classifier of the four steps.
_base_ = ['../../../_base_/models/localizer_small.py', '../../../_base_/default_runtime.py']

model = dict(head=dict(_delete_=True, type='MultiLabelHead', num_classes=10))
scenes = dict(type='DigitScenes', objects=(1, 2), size=64, in_memory=True)
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], channels_last=True)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_scenes=8192, supervision='image', **scenes))
test_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=1000, supervision='image', **scenes))
test_evaluator = dict(type='MultiLabelMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=3e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=8)
auto_scale_lr = dict(base_batch_size=64)
