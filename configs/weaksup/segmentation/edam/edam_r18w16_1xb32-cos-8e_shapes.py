# EDAM on one or two textured shapes of ten classes, for a CPU: maps of 1/8 for speed. It starts as SEAM does.
_base_ = '../seam/seam_r18w16_1xb32-cos-8e_shapes.py'

model = dict(
    _delete_=True,
    type='EDAM',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 2, 1, 1), out_indices=(3,)),
    head=dict(
        type='EDAMHead', num_classes=10, embed_channels=32, num_heads=2, feedforward_channels=64, dropout=0.0,
        images=2, position_size=(8, 8)))
train_dataloader = dict(sampler=dict(type='SharedTagSampler'))
