# The ceiling: ImageNet labels, the usual 90 epochs.
_base_ = ['../../_base_/models/supervised.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(views=[[]])
train_dataloader = dict(
    dataset=dict(
        supervision='image',
        pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[30, 60], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=90)
auto_scale_lr = dict(base_batch_size=256)
