# AlexNet on CIFAR-10 upsampled to 64 px, for figures per layer on a CPU.
_base_ = [
    '../../_base_/models/supervised.py', '../../_base_/datasets/cifar10_alexnet.py',
    '../../_base_/schedules/sgd_cos_b128.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', out_indices=(5,)), head=dict(in_channels=256, num_classes=10))
data_preprocessor = dict(
    views=[[dict(type='RandomResizedCrop', size=64, scale=(0.5, 1.0), flip_prob=0.5)]])
train_dataloader = dict(batch_size=128, dataset=dict(supervision='image'))

train_cfg = dict(max_epochs=12)
