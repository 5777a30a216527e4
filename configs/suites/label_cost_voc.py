# What a label is worth on photos, from the network of ImageNet, which was trained with labels: two thirds of the photos
# of VOC2007's val that have class maps, with weaker labels drawn from these; all are tested on the other third. Tags
# are of VOC2007's train set. The picture of it: mmwsl label-cost mmwsl::suites/label_cost_voc.py RECORDS --out DIR.
suite = 'label_cost_voc'
protocols = ['segmentation']
weaksup, recipe = 'mmwsl::weaksup/segmentation/', '_efficientnetlite0_1xb8-cos-40e_voc07.py'
runs = [
    dict(
        method='tags',
        config=weaksup + 'one_stage/one_stage_efficientnetlite0_1xb8-cos-20e_voc07.py',
        options={'model.flip': False}),  # one look at a photo, as the others have
    *(dict(method=method, config=f'{weaksup}{config}/{config}{recipe}') for method, config in dict(
        points='points', scribbles='scribbles', boxes='boxes', masks='all_masks').items()),
]
