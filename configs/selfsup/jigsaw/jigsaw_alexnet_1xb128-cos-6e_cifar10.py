# AlexNet on CIFAR-10, for figures per layer on a CPU; no recipe is published. Images upsampled to 96 px, a grid of
# 2 x 2 (all 24 orders), patches of 40 px: AlexNet needs 31.
_base_ = [
    '../../_base_/models/jigsaw.py', '../../_base_/datasets/cifar10_alexnet.py',
    '../../_base_/schedules/sgd_cos_b128.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', out_indices=(5,)),
    neck=dict(in_channels=256, out_channels=128),
    head=dict(in_channels=4 * 128, num_classes=24),
    patch_size=40,
    grid=2,
    permutations=24)
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=96, scale=(0.6, 1.0), flip_prob=0.5),
        dict(type='RandomGrayscale', prob=0.66)
    ]])
train_dataloader = dict(batch_size=128)

train_cfg = dict(max_epochs=6)
