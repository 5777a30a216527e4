# StackGAN-v2 without conditions, as FineGAN is compared with it: the published networks, 64, 128 and 256 px.
_base_ = [
    '../../_base_/datasets/boxed_photos_128.py', '../../_base_/schedules/adam_gan.py', '../../_base_/default_runtime.py'
]

model = dict(
    type='StackGANv2',
    generator=dict(type='StackGenerator', noise_dims=100, channels=64, size=256, branches=3, blocks=2),
    channels=64)
train_dataloader = dict(batch_size=24, dataset=dict(training=False, size=256))
test_dataloader = dict(dataset=dict(size=256))
train_cfg = dict(type='ResumableEpochLoop', max_epochs=600)
auto_scale_lr = dict(base_batch_size=24)
