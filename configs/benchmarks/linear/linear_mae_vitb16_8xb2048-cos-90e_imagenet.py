# As MAE has it: a batch norm without scale and shift before the linear layer.
_base_ = [
    '../../_base_/models/linear_r50.py', '../../_base_/datasets/imagenet_labels.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='VisionTransformer', arch='base', position='sincos'),
    head=dict(norm_cfg=dict(type='SyncBN')))
train_dataloader = dict(batch_size=2048)
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='LARS', lr=6.4, momentum=0.9, weight_decay=0))
param_scheduler = [dict(type='LinearLR', start_factor=1e-4, end=10, convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', begin=10, convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=90)
auto_scale_lr = dict(base_batch_size=16384)
