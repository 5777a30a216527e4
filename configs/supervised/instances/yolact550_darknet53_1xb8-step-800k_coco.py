# YOLACT-550 with the published constants, on Darknet-53, which takes pixel values from 0 to 1.
_base_ = ['yolact550_r50_1xb8-step-800k_coco.py']

model = dict(backbone=dict(_delete_=True, type='Darknet', out_indices=(3, 4, 5)))
data_preprocessor = dict(mean=[0.0] * 3, std=[255.0] * 3)
