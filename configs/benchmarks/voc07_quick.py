# Tags of VOC2007 photos on a CPU in a minute or two: small images, the last map averaged, train and val as the sets.
data_root = 'data/VOCdevkit'
pipeline = [dict(type='ResizeSquash', size=96)]
benchmark = dict(
    dataset='VOC2007 (train and val)',
    batch_size=50,
    train=dict(type='VOC', data_root=data_root, sets=['VOC2007/train'], pipeline=pipeline),
    test=dict(type='VOC', data_root=data_root, sets=['VOC2007/val'], pipeline=pipeline),
    protocols=dict(svm=dict(costs='quick'), low_shot=dict(k=(1, 2, 4), samples=3, costs='quick')))
