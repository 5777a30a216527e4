# What each kind of label gives, across tasks, of the same 2,048 scenes of textured shapes; three seeds: no labels
# (SimCLR with k-means, or with linear classifiers on the tags of 1 %, 10 % and all images), tags, points, scribbles,
# boxes, masks. Segmentors are also asked which classes their maps show, and where. The runs of label_cost.py are
# the same trainings: --work-dir work_dirs/label_cost/runs scores those that are there. The table, with what the labels
# cost: mmwsl label-cost mmwsl::suites/label_families.py RECORDS --out DIR --families.
suite = 'label_families'
protocols = ['cluster', 'linear_1pct', 'linear_10pct', 'linear_all']
weaksup, seeds = 'mmwsl::weaksup/', [0, 1, 2]
scoring = {'test_evaluator': [dict(type='IoUMetric', num_classes=6), dict(type='MapObjectsMetric', num_classes=5)]}
scenes = dict(num_classes=5, objects=(1, 3), context_classes=(0, 1))
runs = [
    dict(method='no_labels', config='mmwsl::selfsup/simclr/simclr_r18w16_1xb64-cos-40e_shapes.py', seeds=seeds),
    dict(
        method='tags_cam',
        config=weaksup + 'localization/cam/cam_tags_r18w16_1xb32-cos-8e_shapes.py',
        seeds=seeds,
        options={
            'model.head.num_classes': 5,
            'train_dataloader.dataset': dict(num_images=2048, **scenes),
            'test_dataloader.dataset': scenes,
            'test_evaluator': [dict(type='MultiLabelMetric'), dict(type='CorLocMetric')],
        }),
    dict(
        method='tags',
        config=weaksup + 'segmentation/one_stage/one_stage_r18w16_1xb32-cos-8e_shapes.py',
        seeds=seeds,
        options=scoring),
    *(dict(
        method=method,
        config=f'{weaksup}segmentation/{folder}/{folder}_r18w16_1xb32-cos-12e_shapes.py',
        seeds=seeds,
        options=scoring)
      for method, folder in dict(points='points', scribbles='scribbles', boxes='boxes', masks='all_masks').items()),
]
