# From tags to masks of textured shapes in four steps, made on the fly: minutes on a CPU.
classifier = dict(config='mmwsl::weaksup/localization/cam/cam_tags_r18w16_1xb32-cos-8e_shapes.py')
photos = [
    dict(type='Shapes', num_classes=10, size=64, objects=(1, 2), num_images=2048, split='train', supervision='full')
]
test_photos = [
    dict(type='Shapes', num_classes=10, size=64, objects=(1, 2), num_images=400, split='test', supervision='full')
]
maps = dict(scales=(1.0, 1.5, 2.0), flip=True, stride=1)
masks = dict(threshold=0.4, refiner=dict(type='par'))
segmentor = dict(
    config='mmwsl::weaksup/segmentation/four_step/fcn_pairs_r18w16_1xb32-cos-12e_shapes.py', from_classifier=True)
ceiling = True
benchmark = dict(dataset='Shapes')
