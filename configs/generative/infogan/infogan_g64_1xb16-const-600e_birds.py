# InfoGAN as FineGAN is compared with it: one code of 200 at 128 px, and the learning rates of its own paper.
_base_ = [
    '../../_base_/datasets/boxed_photos_128.py', '../../_base_/schedules/adam_gan.py', '../../_base_/default_runtime.py'
]

model = dict(
    type='InfoGAN',
    generator=dict(type='CodeGenerator', num_codes=200, noise_dims=100, channels=64, size=128),
    discriminator=dict(type='CodeDiscriminator', num_codes=200, channels=64, size=128))
train_dataloader = dict(dataset=dict(training=False))
optim_wrapper = dict(halves=dict(generator=dict(lr=1e-3)))
train_cfg = dict(type='ResumableEpochLoop', max_epochs=600)
auto_scale_lr = dict(base_batch_size=16)
