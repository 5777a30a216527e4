# Class activation maps on crops of VOC2007's photos, for a CPU: from nothing but these, so few classes come out right.
_base_ = [
    '../../../_base_/models/localizer_small.py', '../../../_base_/datasets/voc_crops.py',
    '../../../_base_/default_runtime.py'
]

model = dict(head=dict(num_classes=20))
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=5, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=100)
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(interval=100))
