# Class maps of SEAM and of EDAM against plain ones, on textured shapes, three seeds: all start from a classifier of the
# same seed, and have the same images, steps and rate. `mIoU` is that of maps at their best threshold, without tags and
# with them.
suite = 'seam'
protocols = ['segmentation']
weaksup = 'mmwsl::weaksup/'
recipe = '_r18w16_1xb32-cos-8e_shapes.py'
runs = [
    dict(method=method, config=weaksup + config + recipe, seeds=[seed], **(
        {} if method == 'classifier' else dict(start=f'classifier-seed{seed}')))
    for seed in (0, 1, 2) for method, config in dict(
        classifier='localization/cam/cam_tags', cam='localization/cam/cam_fine', seam='segmentation/seam/seam',
        edam='segmentation/edam/edam').items()
]
