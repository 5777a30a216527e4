# As DINO has it: the class tokens after the last four blocks side by side.
_base_ = [
    '../../_base_/models/linear_r50.py', '../../_base_/datasets/imagenet_labels.py', '../../_base_/default_runtime.py'
]

model = dict(backbone=dict(_delete_=True, type='VisionTransformer', arch='small', last_blocks=4))
train_dataloader = dict(batch_size=128)
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.004, momentum=0.9, weight_decay=0))
param_scheduler = [dict(type='CosineAnnealingLR')]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=100)
auto_scale_lr = dict(base_batch_size=1024)
