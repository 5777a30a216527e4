# SEAM on the network of ImageNet, for a CPU and some hundred photos with tags, 288 px wide: maps of 1/16, the copy at
# a half. Sizes, copy and schedule are ours. The weights come with the extra mmwsl[pretrained].
_base_ = ['../../../_base_/datasets/voc07_tags.py', '../../../_base_/default_runtime.py']

model = dict(
    type='SEAM',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(2, 3, 5),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    head=dict(type='SEAMHead', num_classes=20, shallow_channels=(32, 64), correlation_channels=96, dropout=0.2),
    scale=0.5)
photo = [dict(type='ResizeToSquare', size=288, interpolation='bicubic', decode_reduced=True)]
data_preprocessor = dict(views=[[dict(type='RandomResizedCrop', size=288, scale=(0.5, 1.0), flip_prob=0.5)]])
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=photo))
test_dataloader = dict(dataset=dict(pipeline=photo))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys={'backbone': dict(lr_mult=0.1)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=30),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=10)
auto_scale_lr = dict(base_batch_size=8)
del photo
