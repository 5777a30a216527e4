# The four steps on textured shapes, with the random walk of IRN between the maps and the masks.
_base_ = './four_step_r18w16_shapes.py'
affinity = dict(
    method='irn',
    config='mmwsl::weaksup/segmentation/irn/irn_r18w16_1xb32-cos-12e_digitscenes.py',
    options={
        'data_preprocessor.mean': [137.31, 127.38, 117.36],
        'data_preprocessor.std': [50.01, 44.86, 54.54]
    },
    from_classifier=True,
    labels=dict(threshold=(0.2, 0.6), refiner=dict(type='par')),
    masks=dict(threshold=0.25, refiner=dict(type='par')))
