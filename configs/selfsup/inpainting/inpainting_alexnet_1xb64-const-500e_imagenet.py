# The paper's variant for features (unverified): AlexNet at 227 px, a channel-wise linear layer, random regions, squared
# error only. Learning rate and length are those of the authors' code.
_base_ = ['../../_base_/models/inpainting.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', final_pool=True),
    head=dict(in_channels=256, channelwise_side=6, norm_cfg=dict(_delete_=True, type='BN')),
    hole='random', overlap=0, discriminator=None)
data_preprocessor = dict(
    mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5],
    views=[[dict(type='RandomHorizontalFlip', prob=0.5)]])
train_dataloader = dict(
    batch_size=64,
    dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=256, crop=227)]))

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_epochs=500)
auto_scale_lr = dict(base_batch_size=64)
