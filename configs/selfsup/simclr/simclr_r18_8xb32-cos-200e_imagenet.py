_base_ = './simclr_r50_8xb32-cos-200e_imagenet.py'

model = dict(backbone=dict(depth=18), neck=dict(in_channels=512))
