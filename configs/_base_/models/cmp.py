# The image encoder of the paper: ResNet-50 on maps of 1/8.
sync = dict(type='SyncBN')
model = dict(
    type='ConditionalMotionPropagation',
    backbone=dict(type='ResNet', depth=50, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), norm_cfg=sync),
    sparse_encoder=dict(type='SparseEncoder', stride=8, norm_cfg=sync),
    decoder=dict(type='PropagationDecoder', channels=128, bins=99, norm_cfg=sync),
    channels=256,
    limit=50.0)
