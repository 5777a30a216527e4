# What segmentation is good for as a guide of class maps: CoSA's swap with maps that are guided by the true masks, by
# the segmentation's own labels, by nothing and by noise, three seeds; `maps` is what counts. Expected: truth > own >
# nothing > noise. They go on from the class maps of `classifier`, as in suites/cosa.py. No view moves anything, as the
# true masks of the control would have to move along.
suite = 'cosa_guidance'
protocols = ['segmentation']
cosa = 'mmwsl::weaksup/segmentation/cosa/cosa_'
start = 'mmwsl::weaksup/segmentation/start/start_r18w16_1xb64-cos-3e_shapes.py'
runs = [
    dict(method='start', config=start),
    dict(method='classifier', config=cosa + 'classifier_r18w16_1xb32-cos-4e_shapes.py', start='start-seed0',
         seeds=[0, 1, 2]),
]
options = {'data_preprocessor.views': [[], [dict(type='RandomOperation')]]}
guides = dict(truth='truth', own='own', nothing=None, noise='noise')
runs += [
    dict(method=method, config=cosa + 'swap_r18w16_1xb16-cos-1e_shapes.py', start=f'classifier-seed{seed}',
         seeds=[seed],
         options={**options, 'model.guidance': guide,
                  'train_dataloader.dataset.supervision': 'full' if guide == 'truth' else 'image'})
    for seed in (0, 1, 2) for method, guide in guides.items()
]
