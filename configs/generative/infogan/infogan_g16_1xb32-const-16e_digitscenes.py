# InfoGAN on handwritten digits before photographs, for a CPU: ten codes, the number of digits.
_base_ = [
    '../../_base_/datasets/digit_scenes_generation.py', '../../_base_/schedules/adam_gan_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='InfoGAN',
    generator=dict(type='CodeGenerator', num_codes=10, noise_dims=32, channels=16, size=32),
    discriminator=dict(type='CodeDiscriminator', num_codes=10, channels=16, size=32))
train_cfg = dict(type='ResumableEpochLoop', max_epochs=16)
auto_scale_lr = dict(base_batch_size=32)
