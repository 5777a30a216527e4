# What a label is worth: segmentation of textured shapes from the same 2,048 images with tags, points, scribbles, boxes
# or masks, and from masks of a tenth of them; three seeds. `_plain` is what the labels alone give, without what the
# method adds. The picture of it: mmwsl label-cost mmwsl::suites/label_cost.py RECORDS --out DIR.
suite = 'label_cost'
protocols = ['segmentation']
weaksup, recipe, seeds = 'mmwsl::weaksup/segmentation/', 'r18w16_1xb32-cos-12e_shapes.py', [0, 1, 2]
methods = dict(
    points_plain='points/points_plain_', points='points/points_', scribbles_plain='scribbles/scribbles_plain_',
    scribbles='scribbles/scribbles_', boxes_plain='boxes/boxes_plain_', boxes_fill_rate='boxes/boxes_fill_rate_',
    boxes='boxes/boxes_', few_masks='few_masks/few_masks_', mean_teacher='mean_teacher/mean_teacher_',
    pseudo_labels='pseudo_labels/pseudo_labels_', masks='all_masks/all_masks_')
runs = [
    dict(method='tags', config=weaksup + 'one_stage/one_stage_r18w16_1xb32-cos-8e_shapes.py', seeds=seeds),
    *(dict(method=method, config=weaksup + config + recipe, seeds=seeds) for method, config in methods.items()),
]
