# A proposal network for photos, on the boxes of mmwsl motion CLIPS --out data/moving; the pyramid of faster_rcnn_... on
# the network of ImageNet (the extra mmwsl[pretrained]). It has not been trained to the end here.
_base_ = ['../../../_base_/default_runtime.py']

data_root = 'data/moving'
model = dict(
    type='ProposalNetwork',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        out_indices=(2, 3, 4),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    neck=dict(type='FPN', out_channels=96, num_outs=4, norm_cfg=dict(type='BN')),
    rpn_head=dict(
        type='RPNHead',
        in_channels=96,
        strides=(8, 16, 32, 64),
        sizes=((32,), (64,), (128,), (256,)),
        pre_nms=(10, 300),  # nothing comes after it in training that would take them
        post_nms=(10, 100)))
data_preprocessor = dict(type='DetectionPreprocessor', mean=[127.0] * 3, std=[128.0] * 3, channels_last=True)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='COCO',
        ann_file=data_root + '/instances.json',
        data_prefix=data_root,
        classes=['moving object'],
        supervision='boxes',
        pipeline=[
            dict(type='ResizeShortEdge', short=[192, 224, 256], longest=384),
            dict(type='RandomFlip', prob=0.5),
        ]))
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='COCO',
        ann_file=data_root + '/instances.json',
        data_prefix=data_root,
        classes=['moving object'],
        supervision='boxes',
        pipeline=[dict(type='ResizeShortEdge', short=224, longest=384)]))
test_evaluator = dict(type='ProposalRecallMetric')
test_cfg = dict()
benchmark = dict(dataset='moving')

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
