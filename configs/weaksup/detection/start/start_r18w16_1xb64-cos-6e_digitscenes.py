# The network that the small detectors start from, as those for photos start from ImageNet: it tells single digits of
# the same size, 19 to 29 pixels, by their tags. Its metric is of the boxes of its class maps.
_base_ = ['../../../_base_/datasets/digit_scenes.py', '../../../_base_/default_runtime.py']

model = dict(
    type='Localizer',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(3,)),
    head=dict(type='ClassificationHead', num_classes=10))
find_unused_parameters = True  # of the fourth stage
data_preprocessor = dict(mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82])
train_dataloader = dict(batch_size=64, dataset=dict(supervision='image'))
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=6)
auto_scale_lr = dict(base_batch_size=64)
test_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='DigitScenes',
        size=32,
        digit_scale=(0.6, 0.9),
        in_memory=True,
        split='test',
        num_scenes=500,
        supervision='boxes'))
test_evaluator = dict(type='CorLocMetric')
test_cfg = dict()
