# ResNet-50 as the authors advise: SGD lr 0.03 per 256 images, constant decay, wider global and smaller local crops.
_base_ = './dino_vits16_8xb64-cos-100e_imagenet.py'

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=50, norm_cfg=dict(type='SyncBN')), head=dict(in_channels=2048))
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(
            type='RandomCrops',
            crops=[dict(num=2, size=224, scale=(0.14, 1.0)), dict(num=8, size=96, scale=(0.05, 0.14))],
            flip_prob=0.5,
            interpolation='bicubic')
    ]))

optim_wrapper = dict(optimizer=dict(_delete_=True, type='SGD', lr=0.06, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-6, begin=10, convert_to_iter_based=True),
]
