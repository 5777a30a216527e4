# FineGAN on scenes whose factors are known, for a CPU: two parents with three children each, patches of 8x8 px.
_base_ = [
    '../../_base_/datasets/factor_scenes.py', '../../_base_/schedules/adam_gan_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='FineGAN',
    generator=dict(type='FineGANGenerator', num_parents=2, num_children=6, noise_dims=32, channels=16, size=32,
                   blocks=1),
    background_discriminator=dict(type='PatchDiscriminator', channels=16, kernels=[4, 3], strides=[2, 1], last=1),
    parent_discriminator=dict(type='CodeClassifier', num_codes=2, channels=16, size=32),
    child_discriminator=dict(type='CodeDiscriminator', num_codes=6, channels=16, size=32),
    momentum=0.995)
train_dataloader = dict(dataset=dict(supervision='boxes'))
custom_hooks = [dict(type='SampleGridHook'), dict(type='HardNegativeHook', iterations=100)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=16, val_interval=4)
auto_scale_lr = dict(base_batch_size=32)
