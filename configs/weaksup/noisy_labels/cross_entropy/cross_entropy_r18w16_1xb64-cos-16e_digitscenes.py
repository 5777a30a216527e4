# Plain cross-entropy on labels of which a fifth are wrong, for a CPU: what the remedies are measured against.
_base_ = ['../../../_base_/datasets/digit_scenes_noisy_labels.py', '../../../_base_/default_runtime.py']

model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=18, base_channels=16, stem='cifar', out_indices=(4,)),
    head=dict(type='ClassificationHead', num_classes=10))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=30),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=16)
auto_scale_lr = dict(base_batch_size=64)
