# PCNet-M with the authors' settings: a UNet of masks at 256 px. In: the visible part, and what may hide some of it.
model = dict(
    type='PCNetM',
    backbone=dict(type='UNet', base_channels=32, in_channels=2, norm_cfg=dict(type='SyncBN')),
    size=256,
    above=0.8,
    eraser_weight=5.0,
    shift=0.2,
    scale=(0.8, 1.2),
    flip=0.5)
