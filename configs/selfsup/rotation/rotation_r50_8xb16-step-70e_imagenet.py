_base_ = ['../../_base_/models/rotation.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(views=[[]])
train_dataloader = dict(
    batch_size=16,  # images; each is seen in four rotations
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.2, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=5, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[30, 50], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=70)
auto_scale_lr = dict(base_batch_size=128)
