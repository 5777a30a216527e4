# ResNet-44 on CIFAR-10, images shifted by up to four pixels and mirrored; what Hide-and-Seek is compared with.
_base_ = [
    '../../_base_/models/cifar_resnet.py', '../../_base_/datasets/cifar10_labels.py',
    '../../_base_/schedules/sgd_step_300e_b128.py', '../../_base_/default_runtime.py'
]

data_preprocessor = dict(
    views=[[dict(type='RandomPaddedCrop', size=32, padding=4), dict(type='RandomHorizontalFlip')]])
train_dataloader = dict(batch_size=128)
default_hooks = dict(checkpoint=dict(interval=10))
