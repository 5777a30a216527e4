# InfoGAN on scenes whose factors are known, for a CPU: six codes, the number of pairs of shape and color.
_base_ = [
    '../../_base_/datasets/factor_scenes.py', '../../_base_/schedules/adam_gan_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='InfoGAN',
    generator=dict(type='CodeGenerator', num_codes=6, noise_dims=32, channels=16, size=32),
    discriminator=dict(type='CodeDiscriminator', num_codes=6, channels=16, size=32))
train_cfg = dict(type='ResumableEpochLoop', max_epochs=16, val_interval=4)
auto_scale_lr = dict(base_batch_size=32)
