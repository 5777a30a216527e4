# YOLACT-400 with the published constants, on a ResNet-101.
_base_ = ['yolact550_r101_1xb8-step-800k_coco.py']

model = dict(head=dict(scales=(17, 34, 69, 139, 279)))
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='PhotometricDistortion', hue=18),
        dict(type='ZoomOut', most=4.0, prob=0.5),
        dict(type='RandomWindow'),
        dict(type='RandomFlip', prob=0.5),
        dict(type='ResizeToSquare', size=400),
    ]))
test_dataloader = dict(dataset=dict(pipeline=[dict(type='ResizeToSquare', size=400)]))
