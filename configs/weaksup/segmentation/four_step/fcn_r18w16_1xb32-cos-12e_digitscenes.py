# FCN on scenes with one or two digits, for a CPU: the segmentor of the four steps, and with true masks their ceiling.
_base_ = ['../../../_base_/default_runtime.py']

norm = dict(type='BN')
model = dict(
    type='FCN',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 2, 1, 1), out_indices=(3,)),
    head=dict(type='FCNHead', channels=64, num_classes=11, num_convs=1, concat=False, norm_cfg=norm))
find_unused_parameters = True  # of the fourth stage
data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], divisor=8,
    channels_last=True)
scenes = dict(type='DigitScenes', objects=(1, 2), size=64, supervision='full')
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_scenes=1024, **scenes))
test_dataloader = dict(
    batch_size=32,
    num_workers=0,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_scenes=400, **scenes))
test_evaluator = dict(type='IoUMetric', num_classes=11)
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=30),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=12)
auto_scale_lr = dict(base_batch_size=32)
del norm
