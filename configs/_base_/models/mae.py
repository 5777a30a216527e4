model = dict(
    type='MAE',
    backbone=dict(
        type='VisionTransformer',
        arch='base',
        image_size=224,
        patch_size=16,
        position='sincos',
        init='xavier',
        out_type='class'),
    mask_ratio=0.75,
    decoder=dict(embed_dims=512, depth=8, num_heads=16))
