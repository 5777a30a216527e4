# FCN on small photos of VOC2007, two thirds of those of val with class maps to train on and one to test on, for a CPU;
# for the networks of the small recipes, with CIFAR's stem.
_base_ = [
    '../../_base_/models/fcn_r50d8.py', '../../_base_/datasets/voc12aug_class_maps.py',
    '../../_base_/default_runtime.py'
]

norm = dict(type='BN')
model = dict(
    backbone=dict(
        depth=18, stem='cifar', base_channels=16, strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1), norm_cfg=norm),
    head=dict(
        _delete_=True, type='FCNHead', channels=64, num_classes=21, norm_cfg=norm),
    auxiliary_head=dict(
        _delete_=True, type='FCNHead', channels=32, num_classes=21, num_convs=1, concat=False, index=0, norm_cfg=norm))
root = 'data/VOCdevkit/VOC2007'
photos = dict(
    type='ClassMaps',
    images=root + '/JPEGImages',
    maps=root + '/SegmentationClass',
    list_file=root + '/ImageSets/Segmentation/val.txt',
    classes={{_base_.class_names}},
    supervision='full')
train_dataloader = dict(
    num_workers=0,
    dataset=dict(
        _delete_=True,
        type='Subset',
        holdout=1 / 3,
        dataset=dict(
            **photos,
            pipeline=[
                dict(type='RandomScale', size=(256, 128), factors=(0.5, 2.0)),
                dict(type='RandomCropMap', size=128, most=0.75),
                dict(type='RandomFlip', prob=0.5),
                dict(type='PhotometricDistortion'),
            ])))
test_dataloader = dict(
    num_workers=0,
    dataset=dict(
        _delete_=True,
        type='Subset',
        holdout=1 / 3,
        held_out=True,
        dataset=dict(**photos, pipeline=[dict(type='RandomScale', size=(256, 128), factors=(1.0, 1.0))])))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=1e-4, convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=30)
auto_scale_lr = dict(base_batch_size=4)
default_hooks = dict(checkpoint=dict(interval=10))
benchmark = dict(dataset='VOC2007 (val, with class maps)')
