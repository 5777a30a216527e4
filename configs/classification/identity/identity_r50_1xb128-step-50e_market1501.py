# Persons found again by the features of an identity classifier (IDE), with the constants of CamStyle's baseline
# (Zhong et al. 2018): dropout, the classifier at ten times the rate. Both papers start from ImageNet's weights:
# --cfg-options "model.backbone.init_cfg=dict(type='Pretrained', checkpoint='FILE')"
_base_ = [
    '../../_base_/models/supervised.py', '../../_base_/datasets/market1501.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=50), head=dict(in_channels=2048, num_classes=751, dropout=0.5))
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10.0)}))
param_scheduler = [dict(type='MultiStepLR', milestones=[40], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=50)
auto_scale_lr = dict(base_batch_size=128)
