# Tags of VOC2007 photos for networks of 224 pixels: the central crop, with train and val as the sets, so that a part of
# VOC serves as well as the whole. `mmwsl benchmark` takes it as --on.
data_root = 'data/VOCdevkit'
pipeline = [dict(type='ResizeCenterCrop', resize=256, crop=224)]
benchmark = dict(
    dataset='VOC2007 (train and val, central crop)',
    batch_size=32,
    train=dict(type='VOC', data_root=data_root, sets=['VOC2007/train'], pipeline=pipeline),
    test=dict(type='VOC', data_root=data_root, sets=['VOC2007/val'], pipeline=pipeline),
    protocols=dict(svm=dict(costs='quick')))
