# CoSA on the network of ImageNet, for a CPU and some hundred photos with tags: maps of 1/16, the auxiliary one of the
# last stage before the head. Sizes, schedule, momentum and the start of the thresholds are ours. Scores are means of
# maps: of a convolutional network's, the largest values light up few positions. Labels of an earlier stage's auxiliary
# map were nearly all background, and enlarged images give sharper maps. Tested on the photos of val with class maps,
# whole as squares. The weights come with the extra mmwsl[pretrained].
_base_ = ['../../../_base_/datasets/voc07_tags.py', '../../../_base_/default_runtime.py']

model = dict(
    type='CoSA',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(4, 5),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    head=dict(
        type='TwoMapHead',
        num_classes=20,
        decoder=dict(type='LargeFOVHead', channels=128, dilations=(2, 2), norm_cfg=dict(type='BN'))),
    warmup=0.3,
    momentum=0.99,
    scores='mean',
    assignment_scales=(1.5,),
    thresholds=dict(num_components=2, low=0.4, high=0.4, length=50, momentum=0.98),
    refine=True,
    reliability=dict(alpha=0.8, beta=1.0),
    reliability_over='label',
    regularization_weight=0.0,
    separation_weight=0.1,
    scales=(1.0, 1.5),
    flip=True)
photo = dict(type='ResizeToSquare', size=288, interpolation='bicubic', decode_reduced=True)
data_preprocessor = dict(
    chained=True,
    views=[[dict(type='RandomResizedCrop', size=256, scale=(0.4, 1.0), flip_prob=0.5)], [dict(type='RandomOperation')]])
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=[photo]))
test_dataloader = dict(
    batch_size=4,
    dataset=dict(
        _delete_=True,
        type='Subset',
        holdout=1 / 3,
        held_out=True,
        dataset=dict(
            type='VOC',
            data_root='data/VOCdevkit',
            sets=['VOC2007/val'],
            task='Segmentation',
            supervision='full',
            pipeline=[photo])))
test_evaluator = dict(_delete_=True, type='IoUMetric', num_classes=21)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys={'backbone': dict(lr_mult=0.1)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=30),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=20)
auto_scale_lr = dict(base_batch_size=8)
default_hooks = dict(checkpoint=dict(interval=10))
del photo
