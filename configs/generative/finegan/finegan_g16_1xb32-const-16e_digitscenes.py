# FineGAN on handwritten digits before photographs, for a CPU: ten children, the number of digits, of five parents.
_base_ = [
    '../../_base_/datasets/digit_scenes_generation.py', '../../_base_/schedules/adam_gan_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='FineGAN',
    generator=dict(type='FineGANGenerator', num_parents=5, num_children=10, noise_dims=32, channels=16, size=32,
                   blocks=1),
    background_discriminator=dict(type='PatchDiscriminator', channels=16, kernels=[4, 3], strides=[2, 1], last=1),
    parent_discriminator=dict(type='CodeClassifier', num_codes=5, channels=16, size=32),
    child_discriminator=dict(type='CodeDiscriminator', num_codes=10, channels=16, size=32),
    momentum=0.995)
train_dataloader = dict(dataset=dict(supervision='boxes'))
custom_hooks = [dict(type='SampleGridHook'), dict(type='HardNegativeHook', iterations=100)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=16)
auto_scale_lr = dict(base_batch_size=32)
