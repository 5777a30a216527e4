# Twenty photos of COCO learnt by heart, at 256 pixels, their objects of at least 32: whether all parts of YOLACT learn
# photos. The same photos are tested. The weights of ImageNet come with the extra mmwsl[pretrained].
_base_ = [
    '../../_base_/datasets/coco_yolact.py', '../../_base_/schedules/adamw_cos_instances.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='YOLACT',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        out_indices=(2, 3, 4),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    neck=dict(type='FPN', out_channels=64, num_outs=4, interpolation='bilinear', relu=True),
    head=dict(
        type='YOLACTHead',
        in_channels=64,
        num_classes=80,
        scales=(32, 64, 128, 224),
        square_anchors=False,
        max_candidates=200),
    mask_branch=dict(type='PrototypeMasks', num_prototypes=24, channels=64, relu=False))
data_preprocessor = dict(mean=[127.0] * 3, std=[128.0] * 3)
photos = dict(
    ann_file='data/coco/annotations/instances_train2017.json',
    data_prefix='data/coco/train2017',
    min_size=80,  # of the file's 640 pixels
    drop_empty=True,
    max_images=20)
resize = dict(type='ResizeToSquare', size=256)
train_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False, dataset=dict(pipeline=[resize], **photos))
test_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False, dataset=dict(pipeline=[resize], **photos))
test_evaluator = dict(ann_file=photos['ann_file'], min_size=photos['min_size'])
train_cfg = dict(max_epochs=160)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.2)}))
auto_scale_lr = dict(base_batch_size=4)
default_hooks = dict(checkpoint=dict(interval=20))
benchmark = dict(dataset='COCO, 20 photos')
del photos, resize
