# BigGAN as published at 256 px: width 96, noise of 20 for each of seven places, hinge loss, two rates. So many epochs
# are 140,000 steps of 2048 images. Two things of the paper are left out: two steps of the discriminator for one of the
# generator, and its orthogonal regularization. The public weights that Deep Generative Prior was published with have
# noise of 17: `python tools/model_converters/biggan.py` writes them for `model.generator.noise_dims=119`.
_base_ = [
    '../../_base_/datasets/imagenet_generation_256.py', '../../_base_/schedules/adam_gan.py',
    '../../_base_/default_runtime.py'
]

norm = dict(type='SyncBN')
model = dict(
    type='BigGAN',
    generator=dict(
        type='BigGANGenerator', num_classes=1000, noise_dims=140, channels=96, size=256, class_dims=128, attention=64,
        norm_cfg=norm),
    discriminator=dict(type='BigGANDiscriminator', num_classes=1000, channels=96, size=256, attention=64),
    momentum=0.9999)
train_dataloader = dict(batch_size=256)
optim_wrapper = dict(optimizer=dict(lr=2e-4, betas=(0.0, 0.999), eps=1e-6), halves=dict(generator=dict(lr=5e-5)))
train_cfg = dict(type='ResumableEpochLoop', max_epochs=224)
auto_scale_lr = dict(base_batch_size=2048)
