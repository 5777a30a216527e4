model = dict(
    type='SimMIM',
    backbone=dict(type='SwinTransformer', arch='base', window_size=6),
    cell_size=32,
    mask_ratio=0.6)
