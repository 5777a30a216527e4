# The authors' released settings (centre hole at 128 px, both losses), with a ResNet-18 in place of their encoder.
_base_ = ['../../_base_/models/inpainting.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5],
    views=[[dict(type='RandomHorizontalFlip', prob=0.5)]])
train_dataloader = dict(
    batch_size=64,
    dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=350, crop=128)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', constructor='GroupingConstructor',
    optimizer=dict(type='Adam', lr=2e-3, betas=(0.5, 0.999)),
    paramwise_cfg=dict(custom_keys={'discriminator': dict(lr_mult=0.1)}))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_epochs=500)
auto_scale_lr = dict(base_batch_size=64)
