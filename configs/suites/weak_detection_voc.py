# From tags to boxes on photos of VOC2007's train set, from EfficientNet-Lite0 as ImageNet left it; correct localization
# is of the same photos. Proposals:
# mmwsl proposals data/VOCdevkit/VOC2007/JPEGImages --out data/proposals/voc07.proposals --max-per-image 500
# On 400 photos half an hour a detector, on one core.
suite = 'weak_detection_voc'
protocols = ['weak']
weaksup = 'mmwsl::weaksup/detection/'
box = dict(_delete_=True, type='BoxBaseline', num_classes=20)
baseline = dict(config=weaksup + 'wsddn/wsddn_efficientnetlite0_1xb2-cos-8e_voc07.py', checkpoint='random')
runs = [
    dict(method='whole_image', options={'model': dict(box, kind='whole_image')}, **baseline),
    dict(method='best_objectness', options={'model': dict(box, kind='best_objectness')}, **baseline),
    dict(method='random_proposal', options={'model': dict(box, kind='random_proposal')}, **baseline),
    dict(method='cam_box', config=weaksup + 'cam_box/cam_box_efficientnetlite0_1xb32-cos-5e_voc07.py'),
]
runs += [
    dict(method=method, config=f'{weaksup}{method}/{method}_efficientnetlite0_1xb2-cos-8e_voc07.py')
    for method in ('wsddn', 'oicr', 'pcl')
]
runs += [
    dict(method=f'{method}_context',
         config=f'{weaksup}{method}/{method}_context_efficientnetlite0_1xb2-cos-6e_voc07.py')
    for method in ('wsddn', 'oicr', 'pcl')
]
