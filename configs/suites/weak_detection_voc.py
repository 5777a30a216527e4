# From tags to boxes on photos of VOC2007's train set, from EfficientNet-Lite0 as ImageNet left it; correct localization
# is of the same photos. Proposals:
# mmwsl proposals data/VOCdevkit/VOC2007/JPEGImages --out data/proposals/voc07.proposals --max-per-image 500
# On 400 photos half an hour a detector, on one core.
suite = 'weak_detection_voc'
protocols = ['weak']
weaksup = 'mmwsl::weaksup/detection/'
baseline = weaksup + 'baseline/baseline_none_voc07.py'
runs = [
    dict(method='whole_image', config=baseline, checkpoint='random'),
    dict(method='best_objectness', config=baseline, checkpoint='random', options={'model.kind': 'best_objectness'}),
    dict(method='random_proposal', config=baseline, checkpoint='random', options={'model.kind': 'random_proposal'}),
    dict(method='cam_box', config=weaksup + 'cam_box/cam_box_efficientnetlite0_1xb32-cos-5e_voc07.py'),
]
runs += [
    dict(method=method, config=f'{weaksup}{method}/{method}_efficientnetlite0_1xb2-cos-8e_voc07.py')
    for method in ('wsddn', 'oicr', 'pcl')
]
