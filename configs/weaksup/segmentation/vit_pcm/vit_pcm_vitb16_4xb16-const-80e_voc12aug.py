# ViT-PCM's core on ViT-B/16, images of 384: Adam at 1e-4, 80 epochs, the first blocks left as ImageNet made them.
# Starts from weights of ImageNet: --cfg-options load_from=FILE. Not there: the recurrent layers over rows and columns,
# and the epoch in which the head alone learns; ours: half-size turned views by themselves, where the public code puts
# four in an image and shifts them too. Tested as the pseudo-masks of the paper are, with true tags.
_base_ = ['../../../_base_/datasets/voc12aug_tags.py', '../../../_base_/default_runtime.py']

model = dict(
    type='ViTPCM',
    backbone=dict(type='VisionTransformer', arch='base', image_size=384, out_type='map'),
    head=dict(type='PatchClassifier', num_classes=20, dropout=0.2),
    equivariance_weight=1.0,
    equivariance_scale=0.5,
    tag_threshold=0.0,
    true_tags=True)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(pipeline=[
        dict(type='RandomScale', size=(2048, 512), factors=(0.75, 1.5)),
        dict(type='RandomCropTagged', size=384),
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
        pipeline=[dict(type='ResizeToSquare', size=960)]))
test_evaluator = dict(type='IoUMetric', num_classes=21)
test_cfg = dict()

frozen = {name: dict(lr_mult=0.0) for name in (
    'backbone.patch_embed', 'backbone.cls_token', 'backbone.pos_embed',
    *(f'backbone.blocks.{block}' for block in range(7)))}
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=1e-4), paramwise_cfg=dict(custom_keys=frozen))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_epochs=80)
auto_scale_lr = dict(base_batch_size=64)
del frozen
