# AlexNet and cosine kernels of embeddings as published; the solver is ours.
_base_ = [
    '../../_base_/models/cross_pixel.py', '../../_base_/datasets/flow_pairs.py', '../../_base_/default_runtime.py'
]

train_dataloader = dict(
    batch_size=96,
    dataset=dict(pipeline=[
        dict(type='ResizeShortEdge', short=256, longest=2560),
        dict(type='RandomCropFlow', size=224),
        dict(type='RandomFlip', prob=0.5),
    ]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[60000, 85000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=100000)
auto_scale_lr = dict(base_batch_size=96)
