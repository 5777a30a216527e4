# A small recipe for a CPU: ResNet-18 of base width 16. 10 epochs x 49,920 images x 2 views = 1,022 million pixels.
_base_ = './simsiam_r18_1xb512-cos-800e_cifar10.py'

model = dict(
    backbone=dict(base_channels=16),
    neck=dict(in_channels=128, hidden_channels=512, out_channels=512),
    head=dict(in_channels=512, hidden_channels=128, out_channels=512))
train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=0.12))
train_cfg = dict(max_epochs=10)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=1))
