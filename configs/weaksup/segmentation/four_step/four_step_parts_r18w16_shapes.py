# From tags to masks of a small part, a ring upon a capsule that most images lack, in four steps: minutes on a CPU.
classifier = dict(config='mmwsl::weaksup/localization/cam/cam_tags_parts_r18w16_1xb64-cos-16e_shapes.py')
photos = [
    dict(
        type='Shapes', size=64, num_images=2048, part='ring', part_probability=0.35, objects=(1, 2), supervision='full')
]
maps = dict(scales=(1.0, 1.5, 2.0), flip=True, stride=1)
masks = dict(threshold=0.4, refiner=dict(type='par'))
segmentor = dict(
    config='mmwsl::weaksup/segmentation/four_step/fcn_parts_r18w16_1xb32-cos-24e_shapes.py', from_classifier=True)
ceiling = True
benchmark = dict(dataset='Shapes')
