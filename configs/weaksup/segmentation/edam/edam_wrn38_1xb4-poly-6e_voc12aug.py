# EDAM as published: Wide ResNet-38, two photos that share a class in each slot, a transformer layer for every class.
# Starts from weights of ImageNet: --cfg-options load_from=FILE. Ours: the number of epochs.
_base_ = [
    '../../../_base_/datasets/voc12aug_tags.py', '../../../_base_/schedules/weak_segmentation_poly.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='EDAM',
    backbone=dict(type='WideResNet', frozen_stages=2, norm_eval=True),
    head=dict(
        type='EDAMHead', num_classes=20, embed_channels=128, num_heads=2, feedforward_channels=512, dropout=0.1,
        images=2, position_size=(46, 46)))
train_dataloader = dict(
    batch_size=4,
    sampler=dict(type='SharedTagSampler'),
    dataset=dict(
        pipeline=[
            dict(type='RandomScale', size=(768, 768), factors=(448 / 768, 1.0)),
            dict(type='RandomCropTagged', size=368),
            dict(type='RandomFlip', prob=0.5),
        ]))
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, end=2000),
    dict(type='PolyLR', power=0.9, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=6)
auto_scale_lr = dict(base_batch_size=4)
