# Faster R-CNN on the network of ImageNet, for a CPU and some hundred photos with boxes: a pyramid on the maps of 1/8 to
# 1/32, the first stages as they are. Trained on train and tested on val of VOC2007, so that a part of it serves too.
# The weights come with the extra mmwsl[pretrained].
_base_ = ['../../_base_/datasets/voc0712_boxes.py', '../../_base_/default_runtime.py']

norm = dict(type='BN')
model = dict(
    type='TwoStageDetector',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        out_indices=(2, 3, 4),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    neck=dict(type='FPN', out_channels=96, num_outs=4, norm_cfg=norm),
    rpn_head=dict(
        type='RPNHead',
        in_channels=96,
        strides=(8, 16, 32, 64),
        sizes=((32,), (64,), (128,), (256,)),
        pre_nms=(500, 300),
        post_nms=(200, 100)),
    box_head=dict(type='BoxHead', in_channels=96, num_classes=20, fc_channels=(256,), batch=64),
    region_strides=(8, 16, 32),
    region_size=7,
    finest_scale=56)
data_preprocessor = dict(mean=[127.0] * 3, std=[128.0] * 3, channels_last=True)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        sets=['VOC2007/train'],
        pipeline=[
            dict(type='ResizeShortEdge', short=[192, 224, 256], longest=384),
            dict(type='RandomFlip', prob=0.5),
        ]))
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(sets=['VOC2007/val'], pipeline=[dict(type='ResizeShortEdge', short=224, longest=384)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys={'backbone': dict(lr_mult=0.1)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=12)
auto_scale_lr = dict(base_batch_size=4)
benchmark = dict(dataset='VOC07')
del norm
