# From tags to boxes on scenes with one to three digits, three seeds: WSDDN, OICR and PCL, what needs no network, and
# the boxes of a classifier's class maps. The detectors and the classifier start from `start`, one network for all
# seeds, which knows single digits, as those for photos start from ImageNet. Some 25 minutes of one core.
suite = 'weak_detection'
protocols = ['weak']
weaksup = 'mmwsl::weaksup/detection/'
recipe = '_r18w16_1xb16-cos-4e_digitscenes.py'
box = dict(_delete_=True, type='BoxBaseline', num_classes=10)
baseline = dict(config=f'{weaksup}wsddn/wsddn{recipe}', checkpoint='random')
seeds = [0, 1, 2]
runs = [
    dict(method='start', config=weaksup + 'start/start_r18w16_1xb64-cos-6e_digitscenes.py'),
    dict(method='whole_image', options={'model': dict(box, kind='whole_image')}, **baseline),
    dict(method='best_objectness', options={'model': dict(box, kind='best_objectness')}, **baseline),
    dict(method='random_proposal', options={'model': dict(box, kind='random_proposal')}, seeds=seeds, **baseline),
]
runs += [
    dict(method=method, config=f'{weaksup}{method}/{method}{recipe}', start='start-seed0', seeds=seeds)
    for method in ('cam_box', 'wsddn', 'oicr', 'pcl')
]
# the same maps, with the threshold that is best for the true boxes, which no tag tells
runs += [
    dict(method='cam_box_oracle', config=f'{weaksup}cam_box/cam_box{recipe}', ensemble=[f'cam_box-seed{seed}'],
         seeds=[seed], options={'test_evaluator.0.map_threshold': 0.6}) for seed in seeds
]
