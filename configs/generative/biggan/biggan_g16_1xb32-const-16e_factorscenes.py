# BigGAN on scenes whose factors are known, for a CPU: the published network for 32 px, told the classes, pairs of shape
# and color.
_base_ = [
    '../../_base_/datasets/factor_scenes.py', '../../_base_/schedules/adam_gan.py', '../../_base_/default_runtime.py'
]

model = dict(
    type='BigGAN',
    generator=dict(
        type='BigGANGenerator', num_classes=6, noise_dims=32, channels=16, size=32, class_dims=16, attention=16),
    discriminator=dict(type='BigGANDiscriminator', num_classes=6, channels=16, size=32, attention=16),
    momentum=0.995)
train_dataloader = dict(dataset=dict(supervision='image'))
optim_wrapper = dict(optimizer=dict(betas=(0.0, 0.999)))
train_cfg = dict(type='ResumableEpochLoop', max_epochs=16, val_interval=4)
auto_scale_lr = dict(base_batch_size=32)
