# Published: AlexNet with BN on maps of 1/32, crops of 384, a grid of 80 pixels and a window of 41, at most 150 points;
# 16 GPUs x 12, .1 at 40 k and 60 k of 70 k steps.
_base_ = './cmp_r50_16xb10-step-42k_flowpairs.py'

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', channels=(96, 256, 384, 384, 256), final_pool=True,
                  norm_cfg=dict(type='SyncBN')),
    sparse_encoder=dict(stride=32))
train_dataloader = dict(
    batch_size=12,
    dataset=dict(pipeline=[
        dict(type='ResizeShortEdge', short=416, longest=4160),
        dict(type='RandomCropFlow', size=384),
        dict(type='FlowGuidance', stride=80, kernel=41, most=150),
    ]))

param_scheduler = [dict(type='MultiStepLR', milestones=[40000, 60000], gamma=0.1, by_epoch=False)]
train_cfg = dict(max_iters=70000)
auto_scale_lr = dict(base_batch_size=192)
