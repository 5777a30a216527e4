# FCN on still frames of textured shapes, made on the fly: what is an object and what is ground, for a CPU and the
# networks of the small recipes of motion, on maps of 1/4. Another seed than that of the clips which those learn from.
# Which of five outlines an object has takes longer to learn than such a training is.
_base_ = [
    '../../_base_/models/fcn_r50d8.py', '../../_base_/datasets/voc12aug_class_maps.py',
    '../../_base_/default_runtime.py'
]

norm = dict(type='BN')
model = dict(
    backbone=dict(
        depth=18, base_channels=4, strides=(1, 1, 1, 1), dilations=(1, 1, 1, 1), out_indices=(4,), norm_cfg=norm),
    head=dict(_delete_=True, type='FCNHead', channels=32, num_classes=2, num_convs=1, concat=False, norm_cfg=norm),
    auxiliary_head=None)
scenes = dict(type='Shapes', num_classes=5, size=64, objects=(1, 3), clip_length=2, seed=7, supervision='full')
frames = dict(_delete_=True, type='FlowFrames', method='true', truth=True, supervision='full')
train_dataloader = dict(
    batch_size=16, num_workers=0, persistent_workers=False,
    dataset=dict(clips=dict(split='train', num_images=160, **scenes), **frames))
test_dataloader = dict(
    batch_size=50, num_workers=0, persistent_workers=False,
    dataset=dict(clips=dict(split='test', num_images=200, **scenes), **frames))
test_evaluator = dict(num_classes=2)

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.01))
param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=1e-5, convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=8)
auto_scale_lr = dict(base_batch_size=16)
default_hooks = dict(checkpoint=dict(interval=8))
benchmark = dict(dataset='Shapes')
del norm, scenes, frames
