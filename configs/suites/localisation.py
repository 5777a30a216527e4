# From a tag to where the object is, on scenes with one compound object: plain CAM, Hide-and-Seek by patch size, mixed
# and by hiding probability, on the first layer and in ensembles, dropout of the input, GMP against GAP, and what
# Hide-and-Seek is compared with. All start from `part`, one network for all seeds, which knows the digits alone. The
# comparison that was fixed before any run: Hide-and-Seek, mixed, p = 0.5, against plain CAM, three seeds.
suite = 'localisation'
protocols = ['localization']
weaksup = 'mmwsl::weaksup/localization/'
recipe = '_r18w16_1xb64-cos-4e_digitscenes.py'
cam = weaksup + 'cam/cam' + recipe
hide_and_seek = weaksup + 'hide_and_seek/hide_and_seek' + recipe
view = 'data_preprocessor.views.0.0.'
gmp = {'model.head.pooling': 'max'}
runs = [
    dict(method='part', config=weaksup + 'cam/cam_part_r18w16_1xb64-cos-8e_digitscenes.py'),
    dict(method='cam', config=cam, start='part-seed0', seeds=[0, 1, 2]),
    dict(method='hide_and_seek_mixed', config=hide_and_seek, start='part-seed0', seeds=[0, 1, 2]),
]
# 16, 32, 44 and 56 of 224 pixels
runs += [
    dict(method=f'hide_and_seek_{name}', config=hide_and_seek, start='part-seed0',
         options={view + 'patch_sizes': [size]})
    for name, size in ((16, 7), (32, 14), (44, 19), (56, 24))
]
runs += [
    dict(method=f'hide_and_seek_56_p{share}', config=hide_and_seek, start='part-seed0',
         options={view + 'patch_sizes': [24], view + 'hide_prob': share / 100}) for share in (25, 33, 66, 75)
]
# the members of the ensembles: as many of each kind
runs += [
    dict(method='cam_ensemble', config=cam, ensemble=['cam-seed0', 'cam-seed1', 'cam-seed2']),
    dict(method='hide_and_seek_ensemble', config=hide_and_seek,
         ensemble=['hide_and_seek_16-seed0', 'hide_and_seek_32-seed0', 'hide_and_seek_56-seed0']),
]
# 5 and 11 of the 55 places of AlexNet's first map, of 48
runs += [
    dict(method=f'hide_features_{name}', config=cam, start='part-seed0',
         options={'model.after': {'conv1': dict(type='HideFeatures', patch_size=size)}})
    for name, size in ((5, 4), (11, 10))
]
# other maps of the same networks
runs += [
    dict(method='cam_saliency', config=cam, ensemble=['cam-seed0'],
         options={'model.maps': 'saliency', 'test_evaluator.grab_cut': True}),
    dict(method='cam_grad_cam', config=cam, ensemble=['cam-seed0'], options={'model.maps': 'grad_cam'}),
]
dropout = weaksup + 'input_dropout/input_dropout_'
runs += [
    dict(method='input_dropout_trainonly', config=dropout + 'trainonly' + recipe, start='part-seed0'),
    dict(method='input_dropout_traintest', config=dropout + 'traintest' + recipe,
         ensemble=['input_dropout_trainonly-seed0']),  # the same training
]
runs += [
    dict(method='gmp', config=cam, start='part-seed0', options=gmp),
    dict(method='gmp_hide_and_seek_56', config=hide_and_seek, start='part-seed0',
         options={**gmp, view + 'patch_sizes': [24]}),
    dict(method='adl', config=weaksup + 'adl/adl' + recipe, start='part-seed0'),
    dict(method='acol', config=weaksup + 'acol/acol' + recipe, start='part-seed0'),
    dict(method='spg', config=weaksup + 'spg/spg' + recipe, start='part-seed0'),
    dict(method='cutmix', config=weaksup + 'cutmix/cutmix' + recipe, start='part-seed0'),
    dict(method='erasing', config=weaksup + 'erasing/erasing_r18w16_1xb64-const-12e_digitscenes.py',
         start='part-seed0'),
]
