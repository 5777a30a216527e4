# Squares of 224 pixels around single objects of VOC2007 photos, one class each, with train and val as the sets. The SVM
# has one cost: in a part of VOC some classes have too few squares to choose by. `mmwsl benchmark` takes it as --on.
crops = dict(type='SingleClassCrops', size=224)
photos = dict(type='VOC', data_root='data/VOCdevkit')
benchmark = dict(
    dataset='VOC2007 (train and val, single-class crops)',
    batch_size=32,
    train=dict(dataset=dict(sets=['VOC2007/train'], **photos), **crops),
    test=dict(dataset=dict(sets=['VOC2007/val'], **photos), **crops),
    protocols=dict(knn=dict(), svm=dict(costs=[1.0])))
del crops, photos
