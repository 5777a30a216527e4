# The published 1x schedule of COCO on C4.
_base_ = './mask_rcnn_r50c4_8xb2-step-180k_coco.py'

param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, end=1000),
    dict(type='MultiStepLR', by_epoch=False, milestones=[60000, 80000], gamma=0.1),
]
train_cfg = dict(max_iters=90000)
