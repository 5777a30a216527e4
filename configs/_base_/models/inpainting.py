model = dict(
    type='Inpainting',
    backbone=dict(type='ResNet', depth=18, norm_cfg=dict(type='SyncBN')),
    head=dict(
        type='DenseHead', in_channels=512, out_channels=3, channels=[256, 128, 64, 64, 32],
        norm_cfg=dict(type='SyncBN')),
    hole='center',
    overlap=4,
    fill=(117, 104, 123),  # in the order of the authors' code
    discriminator=dict(type='ImageDiscriminator', channels=[64, 128, 256, 512], norm_cfg=dict(type='SyncBN')))
