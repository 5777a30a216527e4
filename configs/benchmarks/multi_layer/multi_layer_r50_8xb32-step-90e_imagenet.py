# As OpenSelfSup has it.
_base_ = [
    '../../_base_/models/multi_layer_r50.py', '../../_base_/datasets/imagenet_labels.py',
    '../../_base_/default_runtime.py'
]

data_preprocessor = dict(
    views=[[
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0, prob=1.0),
        dict(type='Lighting', std=0.1),
    ]])

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True))
param_scheduler = [dict(type='MultiStepLR', milestones=[30, 60], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=90)
auto_scale_lr = dict(base_batch_size=256)
