# PCNet-C with the authors' settings but for two: the features that images are compared by and the start, a published
# in-painting network, are left out; give model.perceptual a backbone, and load_from a checkpoint.
model = dict(
    type='PCNetC',
    backbone=dict(type='PartialUNet', norm_cfg=dict(type='SyncBN')),
    size=256,
    valid_weight=1.0,
    hole_weight=6.0,
    variation_weight=0.1,
    perceptual_weight=0.1,
    style_weight=250.0,
    discriminator=dict(
        type='ImageDiscriminator', in_channels=4, channels=[64, 128, 256, 512], norm_cfg=None, spectral=True),
    adversarial_weight=0.1)
