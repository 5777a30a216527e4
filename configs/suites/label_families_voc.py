# What each kind of label gives, across tasks, from the network of ImageNet, which was trained with labels: tags of the
# 400 photos of VOC2007's train set, other labels of two thirds of those photos of its val set that have class maps; all
# are tested on the other third. 40 photos, a tenth, do not show all of the twenty classes, so linear classifiers learn
# from all tags. See label_families.py.
suite = 'label_families_voc'
protocols = ['cluster', 'linear_all']
weaksup, recipe = 'mmwsl::weaksup/segmentation/', '_efficientnetlite0_1xb8-cos-40e_voc07.py'
square = [dict(type='ResizeToSquare', size=224, interpolation='bicubic', decode_reduced=True)]
photos = dict(type='VOC', data_root='data/VOCdevkit', supervision='image', pipeline=square)
frozen = {
    'benchmark.dataset': 'VOC07',
    'benchmark.train': dict(_delete_=True, sets=['VOC2007/train'], **photos),
    'benchmark.test': dict(
        _delete_=True,
        type='Subset',
        holdout=1 / 3,
        held_out=True,
        dataset=dict(sets=['VOC2007/val'], task='Segmentation', **photos)),
    'benchmark.protocols': dict(cluster=dict(), linear_all=dict(type='svm', costs='quick')),
}
scoring = {
    'model.flip': False,
    'test_evaluator': [dict(type='IoUMetric', num_classes=21), dict(type='MapObjectsMetric', num_classes=20)],
}
runs = [
    dict(
        method='no_labels',
        config='mmwsl::pretrained/efficientnet_lite0.py',
        checkpoint='pretrained:efficientnet_lite0',
        options=frozen),
    dict(
        method='tags', config=weaksup + 'one_stage/one_stage_efficientnetlite0_1xb8-cos-20e_voc07.py', options=scoring),
    *(dict(method=method, config=f'{weaksup}{folder}/{folder}{recipe}', options=scoring) for method, folder in dict(
        points='points', scribbles='scribbles', boxes='boxes', masks='all_masks').items()),
]
