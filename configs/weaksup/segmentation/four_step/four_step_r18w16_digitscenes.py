# From tags to masks of digits in four steps, on scenes that are made on the fly: minutes on a CPU.
classifier = dict(config='mmwsl::weaksup/localization/cam/cam_tags_r18w16_1xb64-cos-8e_digitscenes.py')
photos = [dict(type='DigitScenes', objects=(1, 2), size=64, num_scenes=1024, supervision='full')]
maps = dict(scales=(1.0, 1.5, 2.0), flip=False, stride=1)
masks = dict(threshold=0.4, refiner=dict(type='par'))
segmentor = dict(
    config='mmwsl::weaksup/segmentation/four_step/fcn_r18w16_1xb32-cos-12e_digitscenes.py', from_classifier=True)
ceiling = True
benchmark = dict(dataset='DigitScenes')
