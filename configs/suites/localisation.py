# From a tag to where the object is, on scenes with one compound object: plain CAM, Hide-and-Seek by patch size, mixed
# and by hiding probability, GMP against GAP, and what Hide-and-Seek is compared with. The comparison that was fixed
# before any run: Hide-and-Seek, mixed, p = 0.5, against plain CAM, three seeds.
suite = 'localisation'
protocols = ['localization']
weaksup = 'mmwsl::weaksup/'
cam = weaksup + 'cam/cam_r18w16_1xb128-cos-8e_digitscenes.py'
hide_and_seek = weaksup + 'hide_and_seek/hide_and_seek_r18w16_1xb128-cos-8e_digitscenes.py'
view = 'data_preprocessor.views.0.0.'
gmp = {'model.head.pooling': 'max'}
runs = [
    dict(method='cam', config=cam, seeds=[0, 1, 2]),
    dict(method='hide_and_seek_mixed', config=hide_and_seek, seeds=[0, 1, 2]),
]
# 16, 32, 44 and 56 of 224 pixels
runs += [
    dict(method=f'hide_and_seek_{name}', config=hide_and_seek, options={view + 'patch_sizes': [size]})
    for name, size in ((16, 5), (32, 9), (44, 13), (56, 16))
]
runs += [
    dict(method=f'hide_and_seek_56_p{share}', config=hide_and_seek,
         options={view + 'patch_sizes': [16], view + 'hide_prob': share / 100}) for share in (25, 33, 66, 75)
]
runs += [
    dict(method='gmp', config=cam, options=gmp),
    dict(method='gmp_hide_and_seek_56', config=hide_and_seek, options={**gmp, view + 'patch_sizes': [16]}),
    dict(method='adl', config=weaksup + 'adl/adl_r18w16_1xb128-cos-8e_digitscenes.py'),
    dict(method='acol', config=weaksup + 'acol/acol_r18w16_1xb128-cos-8e_digitscenes.py'),
    dict(method='spg', config=weaksup + 'spg/spg_r18w16_1xb128-cos-8e_digitscenes.py'),
    dict(method='cutmix', config=weaksup + 'cutmix/cutmix_r18w16_1xb128-cos-8e_digitscenes.py'),
]
