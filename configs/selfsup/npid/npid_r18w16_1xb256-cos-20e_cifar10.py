# A small recipe for a CPU: ResNet-18 of base width 16, embeddings of 64; 20 epochs x 49,920 images x 1 view = 1,022
# million pixels.
_base_ = [
    '../../_base_/models/npid.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/sgd_warm_cos_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, base_channels=16, stem='cifar'),
    neck=dict(in_channels=128, out_channels=64),
    bank=dict(length=50000, channels=64),
    temperature=0.1,
    negatives=None)
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.2, 1.0), flip_prob=0.0),
        dict(type='RandomGrayscale', prob=0.2),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4),
    ]])

optim_wrapper = dict(optimizer=dict(lr=0.12))
train_cfg = dict(max_epochs=20)
