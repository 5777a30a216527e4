# A small recipe for a CPU: two views of still scenes of textured shapes, the images that weak labels are drawn for.
_base_ = [
    '../../_base_/models/simclr.py', '../../_base_/datasets/shapes_views.py',
    '../../_base_/schedules/adamw_cos_small.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, base_channels=16, strides=(1, 2, 2, 1), norm_cfg=dict(type='BN')),
    neck=dict(in_channels=128, hidden_channels=128, norm_cfg=dict(type='BN')),
    temperature=0.2)
view = [
    dict(type='RandomResizedCrop', size=64, scale=(0.2, 1.0), flip_prob=0.5),
    dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8),
    dict(type='RandomGrayscale', prob=0.2),
]
data_preprocessor = dict(views=[view] * 2)
train_cfg = dict(max_epochs=40)
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(interval=40))
del view
