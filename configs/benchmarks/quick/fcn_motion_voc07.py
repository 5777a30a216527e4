# FCN on very small photos of VOC2007 for the networks of the small recipes of motion: 140 with class maps to train on,
# 70 to test on.
_base_ = 'fcn_voc07.py'

norm = dict(type='BN')
model = dict(
    backbone=dict(
        stem='imagenet', base_channels=4, strides=(1, 1, 1, 1), dilations=(1, 1, 1, 1), out_indices=(4,),
        norm_cfg=norm),
    head=dict(_delete_=True, type='FCNHead', channels=32, num_classes=21, num_convs=1, concat=False, norm_cfg=norm),
    auxiliary_head=None)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        dataset=dict(
            pipeline=[
                dict(type='RandomScale', size=(160, 80), factors=(1.0, 1.5)),
                dict(type='RandomCropMap', size=80, most=0.75),
                dict(type='RandomFlip', prob=0.5),
            ])))
test_dataloader = dict(
    dataset=dict(dataset=dict(pipeline=[dict(type='RandomScale', size=(160, 80), factors=(1.0, 1.0))])))

optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=2e-3, weight_decay=0.01))
param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=1e-5, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=6)
auto_scale_lr = dict(base_batch_size=16)
default_hooks = dict(checkpoint=dict(interval=6))
del norm
