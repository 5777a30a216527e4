# Class activation maps of photos with several tags, for a CPU: a linear classifier on the frozen network of ImageNet,
# maps of 14 x 14. The weights come with the extra mmwsl[pretrained].
_base_ = ['../../../_base_/datasets/voc07_tags.py', '../../../_base_/default_runtime.py']

model = dict(
    type='Localizer',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    head=dict(type='MultiLabelHead', num_classes=20),
    frozen=True)
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=1.0, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=5)
auto_scale_lr = dict(base_batch_size=32)
