# StackGAN-v2 without conditions on scenes whose factors are known, for a CPU: images of 8, 16 and 32 px.
_base_ = [
    '../../_base_/datasets/factor_scenes.py', '../../_base_/schedules/adam_gan_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='StackGANv2',
    generator=dict(type='StackGenerator', noise_dims=32, channels=16, size=32, branches=3, blocks=1),
    channels=16)
train_cfg = dict(type='ResumableEpochLoop', max_epochs=16, val_interval=4)
auto_scale_lr = dict(base_batch_size=32)
