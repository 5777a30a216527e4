# One layer on the features of a network that is not trained, a head for the labels of some items, and one for the
# clusters of the others; the paper trains a whole network in this way. Features of another width than EfficientNet's
# take `model.backbone.in_channels`, other classes `model.head.num_classes`.
_base_ = ['../../_base_/datasets/features_clusters.py', '../../_base_/default_runtime.py']

model = dict(
    type='PseudoLabelClassifier',
    backbone=dict(type='Perceptron', in_channels=1280, channels=(128,)),
    head=dict(type='ClassificationHead', num_classes=10),
    pseudo_head=dict(type='ClassificationHead', num_classes=1000))
train_dataloader = dict(batch_size=256)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.01))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=False)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=1000)
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=200),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=500, max_keep_ckpts=1))
auto_scale_lr = dict(base_batch_size=256)
