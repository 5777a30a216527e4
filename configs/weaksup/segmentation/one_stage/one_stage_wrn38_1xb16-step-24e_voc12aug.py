# 1-Stage with the constants of its public code on Wide ResNet-38: crops of 321, five epochs of the classifier alone, 24
# in all. Starts from weights of ImageNet: --cfg-options load_from=FILE. Ours: photos are scaled until they cover the
# crop, and tested as squares; the norms of ASPP learn; the rate falls tenfold after 20 epochs.
_base_ = ['../../../_base_/datasets/voc12aug_tags.py', '../../../_base_/default_runtime.py']

model = dict(
    type='OneStage',
    backbone=dict(type='WideResNet', out_indices=(3, 7), norm_eval=True),
    head=dict(
        type='OneStageHead', num_classes=20, channels=256, low_channels=48, dilations=(12, 24, 36), gate_rate=0.3),
    warmup=5 / 24,
    penalty_power=3,
    penalty_floor=0.01,
    segmentation_weight=1.0,
    tag_threshold=0.1,
    background_power=3.0,
    scales=(1.0, 0.5, 1.5, 2.0),
    flip=True)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(pipeline=[
        dict(type='RandomScale', size=(2048, 358), factors=(0.9, 1.0)),
        dict(type='RandomCropTagged', size=321),
        dict(type='RandomFlip', prob=0.5),
    ]))
photos = 'data/VOCdevkit/VOC2012'
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ClassMaps',
        images=photos + '/JPEGImages',
        maps=photos + '/SegmentationClass',
        list_file=photos + '/ImageSets/Segmentation/val.txt',
        classes=['background', *_base_.classes],
        supervision='full',
        pipeline=[dict(type='ResizeToSquare', size=512)]))
test_evaluator = dict(type='IoUMetric', num_classes=21)
test_cfg = dict()

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(bias_lr_mult=2.0, bias_decay_mult=0.0, custom_keys=dict(head=dict(lr_mult=10.0))),
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[20], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=24)
auto_scale_lr = dict(base_batch_size=16)
