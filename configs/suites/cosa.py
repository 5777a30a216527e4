# The parts of CoSA one after the other, on textured shapes of which two have a context that misleads, in the order of
# the paper's ablation, and what its public code has; three seeds. All rows of a seed go on from one warm-up,
# `classifier`, which starts from a network that knows single shapes (`start`): they differ in what comes after it.
# `maps` says what the class maps alone reach. `weights_image` are reliability weights as printed, with mean 1 over the
# image.
suite = 'cosa'
protocols = ['segmentation']
cosa = 'mmwsl::weaksup/segmentation/cosa/cosa_'
start = 'mmwsl::weaksup/segmentation/start/start_r18w16_1xb64-cos-3e_shapes.py'
recipe = 'r18w16_1xb16-cos-1e_shapes.py'
runs = [
    dict(method='start', config=start),
    dict(method='classifier', config=cosa + 'classifier_r18w16_1xb32-cos-4e_shapes.py', start='start-seed0',
         seeds=[0, 1, 2]),
]
parts = dict(base='plain_', swap='swap_', weights='weights_', threshold='threshold_', separation='', release='release_')
runs += [
    dict(method=method, config=cosa + part + recipe, start=f'classifier-seed{seed}', seeds=[seed])
    for seed in (0, 1, 2) for method, part in parts.items()
]
runs += [
    dict(method='weights_image', config=cosa + 'weights_' + recipe, start=f'classifier-seed{seed}', seeds=[seed],
         options={'model.reliability_over': 'image'})
    for seed in (0, 1, 2)
]
