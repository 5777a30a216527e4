# Boxes and masks of COCO 2017 for YOLACT at 550 pixels: squares whatever a photo's shape, SSD's photometric changes,
# zoom out and in.
_base_ = ['coco_instances.py']

data_preprocessor = dict(mean=[123.68, 116.78, 103.94], std=[58.40, 57.12, 57.38], divisor=1, channels_last=True)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(pipeline=[
        dict(type='PhotometricDistortion', hue=18),
        dict(type='ZoomOut', most=4.0, prob=0.5),
        dict(type='RandomWindow'),
        dict(type='RandomFlip', prob=0.5),
        dict(type='ResizeToSquare', size=550),
    ]))
test_dataloader = dict(dataset=dict(pipeline=[dict(type='ResizeToSquare', size=550)]))
