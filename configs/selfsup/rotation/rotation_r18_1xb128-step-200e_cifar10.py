# RotNet's CIFAR-10 schedule, on a ResNet-18 in place of its network-in-network, with mild random resized crops.
_base_ = ['../../_base_/models/rotation.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(backbone=dict(depth=18, stem='cifar'), head=dict(in_channels=512))
data_preprocessor = dict(
    views=[[dict(type='RandomResizedCrop', size=32, scale=(0.5, 1.0), flip_prob=0.5)]])
train_dataloader = dict(batch_size=128)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True))
param_scheduler = [dict(type='MultiStepLR', milestones=[60, 120, 160], gamma=0.2)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=128)
default_hooks = dict(checkpoint=dict(interval=10))
