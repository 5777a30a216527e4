# Photos of one's own in folders of classes, data/photos/{train,test}/CLASS/*, as networks of ImageNet see them.
pipeline = [dict(type='ResizeCenterCrop', resize=256, crop=224)]
benchmark = dict(
    dataset='photos',
    batch_size=32,
    train=dict(type='ImageFolder', data_root='data/photos/train', pipeline=pipeline),
    test=dict(type='ImageFolder', data_root='data/photos/test', pipeline=pipeline),
    protocols=dict(knn=dict(), svm=dict(costs='quick'), linear=dict()))
