# Tags, boxes and class maps of VOC2007 photos on a CPU: small images, train and val as the sets.
data_root = 'data/VOCdevkit'
pipeline = [dict(type='ResizeToSquare', size=96, interpolation='bicubic', decode_reduced=True)]
benchmark = dict(
    dataset='VOC2007 (train and val)',
    batch_size=50,
    train=dict(type='VOC', data_root=data_root, sets=['VOC2007/train'], pipeline=pipeline),
    test=dict(type='VOC', data_root=data_root, sets=['VOC2007/val'], pipeline=pipeline),
    protocols=dict(
        svm=dict(costs='quick'),
        low_shot=dict(k=(1, 2, 4), samples=3, costs='quick'),
        detection=dict(config='mmwsl::benchmarks/quick/faster_rcnn_voc07.py', choose_by='voc/AP50'),
        segmentation=dict(config='mmwsl::benchmarks/quick/fcn_voc07.py', choose_by='segmentation/mIoU')))
