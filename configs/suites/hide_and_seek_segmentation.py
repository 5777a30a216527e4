# Segmentation of textured shapes with Hide-and-Seek and without, from all masks; three seeds.
suite = 'hide_and_seek_segmentation'
protocols = ['segmentation']
masks, recipe, seeds = 'mmwsl::weaksup/segmentation/all_masks/all_masks', '_r18w16_1xb32-cos-12e_shapes.py', [0, 1, 2]
runs = [
    dict(method='masks', config=masks + recipe, seeds=seeds),
    dict(method='hide_and_seek', config=masks + '_hide_and_seek' + recipe, seeds=seeds),
]
