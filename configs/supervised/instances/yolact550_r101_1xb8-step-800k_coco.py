# YOLACT-550 with the published constants, on a ResNet-101.
_base_ = ['yolact550_r50_1xb8-step-800k_coco.py']

model = dict(backbone=dict(depth=101))
