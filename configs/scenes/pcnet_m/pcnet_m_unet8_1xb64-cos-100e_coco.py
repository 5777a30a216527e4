# PCNet-M on masks of COCO's photos, for a CPU and as few of them as a hundred; tested where objects were pasted. The
# thresholds are those of the scenes of digits.
_base_ = [
    '../../_base_/models/pcnet_m.py', '../../_base_/datasets/coco_pasted_objects.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(base_channels=8, norm_cfg=dict(type='BN')),
    size=32,
    order_threshold=0.3,
    shape_threshold=0.4)
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=100)
auto_scale_lr = dict(base_batch_size=64)
