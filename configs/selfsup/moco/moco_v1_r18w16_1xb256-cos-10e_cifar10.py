# As the v2 recipe, with v1's linear neck and views.
_base_ = './moco_v2_r18w16_1xb256-cos-10e_cifar10.py'

model = dict(neck=dict(num_layers=1))
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.2, 1.0), flip_prob=0.5),
        dict(type='RandomGrayscale', prob=0.2),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4),
    ]] * 2)
