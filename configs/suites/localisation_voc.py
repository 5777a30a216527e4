# Plain CAM against Hide-and-Seek, mixed, on crops of VOC2007's photos that hold one class.
suite = 'localisation_voc'
protocols = ['localization']
recipe = '_r18w16_1xb32-cos-100e_voccrops.py'
weaksup = 'mmwsl::weaksup/localization/'
runs = [
    dict(method='cam', config=weaksup + 'cam/cam' + recipe, seeds=[0, 1, 2]),
    dict(method='hide_and_seek_mixed', config=weaksup + 'hide_and_seek/hide_and_seek' + recipe, seeds=[0, 1, 2]),
]
