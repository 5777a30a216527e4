# WSDDN on VGG16 as it is, with maps of a sixteenth of the side. With the scores of edge boxes set model.score_scale=10.
# The threshold is the authors' 1e-3 of a sum over ten views. Convolutions and fully connected layers start from
# ImageNet: --cfg-options load_from=FILE.
model = dict(
    type='WeakDetector',
    backbone=dict(type='VGG16'),
    head=dict(type='WSDDNHead', num_classes=20, spatial_weight=1e-4),
    stride=16,
    pool='roi_pool',
    region_size=7,
    fc_channels=(4096, 4096),
    dropout=0.5,
    short_sides=(480, 576, 688, 864, 1200),
    flip=True,
    score_threshold=1e-4,
    nms_iou=0.4)
