_base_ = './moco_v3_vits16_32xb128-cos-300e_imagenet.py'

model = dict(backbone=dict(arch='base'), neck=dict(in_channels=768))
