# The mix transformer that AFA starts from on shapes, as on photos it starts from ImageNet: it tells single shapes of
# the same size, 16 to 29 pixels, by their class, and no context comes with any.
_base_ = ['start_r18w16_1xb64-cos-3e_shapes.py']

model = dict(
    _delete_=True,
    type='ImageClassifier',
    backbone=dict(
        type='MixTransformer',
        embed_dims=(16, 24, 36, 48),
        depths=(1, 1, 1, 2),
        num_heads=(1, 2, 3, 4),
        strides=(4, 1, 1, 1),
        reductions=(4, 4, 2, 1),
        mlp_ratio=2,
        drop_path_rate=0.0),
    head=dict(type='ClassificationHead', num_classes=5))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=50),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
