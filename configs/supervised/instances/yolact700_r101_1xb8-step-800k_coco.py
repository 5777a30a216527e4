# YOLACT-700 with the published constants, on a ResNet-101.
_base_ = ['yolact550_r101_1xb8-step-800k_coco.py']

model = dict(head=dict(scales=(30, 61, 122, 244, 488)))
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='PhotometricDistortion', hue=18),
        dict(type='ZoomOut', most=4.0, prob=0.5),
        dict(type='RandomWindow'),
        dict(type='RandomFlip', prob=0.5),
        dict(type='ResizeToSquare', size=700),
    ]))
test_dataloader = dict(dataset=dict(pipeline=[dict(type='ResizeToSquare', size=700)]))
