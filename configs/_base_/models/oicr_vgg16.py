# VGG16 with maps of an eighth of the side: no fourth pooling, and convolutions with holes behind it. Its convolutions
# and fully connected layers start from ImageNet: --cfg-options load_from=FILE.
model = dict(
    type='WeakDetector',
    backbone=dict(type='VGG16', strides=(1, 2, 2, 2, 1), dilations=(1, 1, 1, 1, 2), frozen_stages=2),
    head=dict(type='OICRHead', num_classes=20),
    stride=8,
    pool='roi_pool',
    region_size=7,
    fc_channels=(4096, 4096),
    dropout=0.5,
    short_sides=(480, 576, 688, 864, 1200),
    flip=True,
    score_threshold=1e-3,
    nms_iou=0.3)
