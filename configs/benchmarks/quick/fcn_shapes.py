# FCN on still scenes of textured shapes, made on the fly: five classes and the background, for a CPU and the networks
# of the small recipes of motion, on maps of 1/4. Another seed than that of the clips which those learn from.
_base_ = [
    '../../_base_/models/fcn_r50d8.py', '../../_base_/datasets/voc12aug_class_maps.py',
    '../../_base_/default_runtime.py'
]

norm = dict(type='BN')
model = dict(
    backbone=dict(
        depth=18, base_channels=4, strides=(1, 1, 1, 1), dilations=(1, 1, 1, 1), out_indices=(4,), norm_cfg=norm),
    head=dict(_delete_=True, type='FCNHead', channels=32, num_classes=6, num_convs=1, concat=False, norm_cfg=norm),
    auxiliary_head=None)
scenes = dict(type='Shapes', num_classes=5, size=64, objects=(1, 3), hue_evidence=0.9, seed=7, supervision='full')
train_dataloader = dict(
    batch_size=8, num_workers=0, persistent_workers=False,
    dataset=dict(_delete_=True, split='train', num_images=160, **scenes))
test_dataloader = dict(
    batch_size=50, num_workers=0, persistent_workers=False,
    dataset=dict(_delete_=True, split='test', num_images=200, **scenes))
test_evaluator = dict(num_classes=6)

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=4e-3, weight_decay=0.01))
param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=1e-4, convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=10)
auto_scale_lr = dict(base_batch_size=8)
default_hooks = dict(checkpoint=dict(interval=10))
benchmark = dict(dataset='Shapes')
del norm, scenes
