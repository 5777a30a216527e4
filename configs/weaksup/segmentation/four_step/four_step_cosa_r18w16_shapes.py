# CoSA-MS, small: CoSA on textured shapes, masks of its class maps, and a segmentor that learns from these alone.
classifier = dict(config='mmwsl::weaksup/segmentation/cosa/cosa_r18w16_1xb32-cos-8e_shapes.py')
photos = [
    dict(
        type='Shapes', num_classes=5, size=64, objects=(1, 3), context_classes=(0, 1), num_images=2048, split='train',
        supervision='full')
]
maps = dict(scales=(1.0, 1.5), flip=True, stride=2)
masks = dict(threshold=0.4, refiner=dict(type='par'))
segmentor = dict(config='mmwsl::weaksup/segmentation/four_step/fcn_r18w16_1xb32-cos-12e_shapes.py')
methods = dict(cam='cosa_maps', cam_refined='cosa_maps_refined', four_step='cosa_ms')
benchmark = dict(dataset='Shapes')
