# Published: crops of 320 of a short side of 416, points of a grid of 166 pixels and of the watershed with a window of
# 67, all of them; 16 GPUs x 10, .1 at 24 k and 36 k of 42 k steps.
_base_ = ['../../_base_/models/cmp.py', '../../_base_/datasets/flow_pairs.py', '../../_base_/default_runtime.py']

train_dataloader = dict(
    batch_size=10,
    dataset=dict(pipeline=[
        dict(type='ResizeShortEdge', short=416, longest=4160),
        dict(type='RandomCropFlow', size=320),
        dict(type='FlowGuidance', stride=166, kernel=67),
    ]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[24000, 36000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=42000)
auto_scale_lr = dict(base_batch_size=160)
