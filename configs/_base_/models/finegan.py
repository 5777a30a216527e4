# FineGAN with the published networks at 128 px: patches of 34x34 px every 4. The numbers of codes are those of birds.
model = dict(
    type='FineGAN',
    generator=dict(
        type='FineGANGenerator', num_parents=20, num_children=200, noise_dims=100, channels=64, size=128, blocks=2),
    background_discriminator=dict(
        type='PatchDiscriminator', channels=64, kernels=[4, 4, 4], strides=[2, 2, 1], last=4),
    parent_discriminator=dict(type='CodeClassifier', num_codes=20, channels=64, size=128),
    child_discriminator=dict(type='CodeDiscriminator', num_codes=200, channels=64, size=128),
    background_size=126,
    background_weight=10.0,
    candidates=10,
    momentum=0.999)
