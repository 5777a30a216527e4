# SVM and low-shot SVM on VOC2007 by the protocol of Goyal et al. (2019), for a ResNet-50; `mmwsl benchmark` takes it
# as --on. Every layer is judged, with all costs; which is best is for the reader to see, not chosen by the test set.
data_root = 'data/VOCdevkit'
pipeline = [dict(type='ResizeToSquare', size=224, interpolation='bicubic', decode_reduced=True)]
benchmark = dict(
    dataset='VOC2007',
    batch_size=64,
    num_workers=8,
    layers=[0, 1, 2, 3, 4],
    pooling='openselfsup',
    train=dict(type='VOC', data_root=data_root, sets=['VOC2007/trainval'], pipeline=pipeline),
    test=dict(type='VOC', data_root=data_root, sets=['VOC2007/test'], pipeline=pipeline),
    protocols=dict(svm=dict(costs='oss'), low_shot=dict(costs='oss')))
