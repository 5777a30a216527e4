# LR-GAN on scenes whose factors are known, for a CPU: a background and one object.
_base_ = [
    '../../_base_/datasets/factor_scenes.py', '../../_base_/schedules/adam_gan_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='LRGAN',
    generator=dict(
        type='LayeredGenerator', noise_dims=32, channels=16, size=32, steps=2, hidden=64, max_shrink=3.0),
    channels=16)
train_cfg = dict(type='ResumableEpochLoop', max_epochs=16, val_interval=4)
auto_scale_lr = dict(base_batch_size=32)
