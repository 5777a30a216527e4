# From tags to masks of a small part, a ring upon a capsule that most images lack, in four steps: minutes on a CPU. The
# background's threshold was chosen by the true masks of 400 of the images with tags, not of those of the test.
classifier = dict(config='mmwsl::weaksup/localization/cam/cam_tags_parts_r18w16_1xb64-cos-16e_shapes.py')
photos = [
    dict(
        type='Shapes', size=64, num_images=2048, part='ring', part_probability=0.35, objects=(1, 2), supervision='full')
]
test_photos = [
    dict(
        type='Shapes', size=64, num_images=400, part='ring', part_probability=0.35, objects=(1, 2), split='test',
        supervision='full')
]
maps = dict(scales=(1.0, 1.5, 2.0), flip=True, stride=1)
masks = dict(threshold=0.6, refiner=dict(type='par'))
segmentor = dict(
    config='mmwsl::weaksup/segmentation/four_step/fcn_parts_r18w16_1xb32-cos-24e_shapes.py', from_classifier=True,
    options=dict(epochs=12))
ceiling = True
benchmark = dict(dataset='Shapes')
