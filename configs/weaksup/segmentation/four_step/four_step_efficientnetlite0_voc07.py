# From tags to masks of photos in four steps, on the network of ImageNet, for a CPU and a part of VOC2007: tags of train
# and of two thirds of the photos of val that have masks, which score the pseudo-masks; the last third tests the
# segmentor. Sizes and lengths are ours. The background's threshold and the refiner were chosen by the true masks of
# half of the photos that score the pseudo-masks, which the segmentor is not tested on.
tagged = dict(type='VOC', data_root='data/VOCdevkit')
photos = [
    dict(type='VOC', data_root='data/VOCdevkit', sets=['VOC2007/train'], supervision='image'),
    dict(type='Subset', holdout=1 / 3, dataset=dict(
        type='VOC', data_root='data/VOCdevkit', sets=['VOC2007/val'], task='Segmentation', supervision='full')),
]
test_photos = [
    dict(type='Subset', holdout=1 / 3, held_out=True, dataset=dict(
        type='VOC', data_root='data/VOCdevkit', sets=['VOC2007/val'], task='Segmentation', supervision='full')),
]
squares = dict(supervision='image', pipeline=[
    dict(type='ResizeToSquare', size=224, interpolation='bicubic', decode_reduced=True)])
classifier = dict(
    config='mmwsl::weaksup/localization/cam/cam_finetune_efficientnetlite0_1xb32-cos-10e_voc07.py',
    dataset=dict(type='Joined', datasets=[
        dict(sets=['VOC2007/train'], **tagged, **squares),
        dict(type='Subset', holdout=1 / 3, dataset=dict(
            sets=['VOC2007/val'], task='Segmentation', **tagged, **squares)),
    ]))
maps = dict(scales=(1.0, 0.5, 1.5, 2.0), flip=True, longest=320, stride=4)
masks = dict(threshold=0.4, refiner=dict(type='dense_crf', confidence=0.7, position_std=50, color_std=5))
segmentor = dict(
    config='mmwsl::supervised/segmentation/fcn_efficientnetlite0_1xb8-cos-40e_voc07.py', options=dict(epochs=12))
final = dict(scales=(1.0, 0.75, 1.25), flip=True)
ceiling = dict(options=dict(epochs=40))  # a quarter of the photos, as many steps
benchmark = dict(dataset='VOC07')
del tagged, squares
