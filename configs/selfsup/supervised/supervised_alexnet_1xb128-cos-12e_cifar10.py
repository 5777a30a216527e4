# AlexNet on CIFAR-10 upsampled to 64 px, for figures per layer on a CPU.
_base_ = [
    '../../_base_/models/supervised.py', '../../_base_/datasets/cifar10_alexnet.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', out_indices=(5,)), head=dict(in_channels=256, num_classes=10))
data_preprocessor = dict(
    views=[[dict(type='RandomResizedCrop', size=64, scale=(0.5, 1.0), flip_prob=0.5)]])
train_dataloader = dict(batch_size=128, dataset=dict(supervision='image'))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=12)
auto_scale_lr = dict(base_batch_size=128)
