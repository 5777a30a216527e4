# Four tasks of motion, SimCLR and nothing, on the same clips of shapes, then segmentation of still scenes that are held
# out, fine-tuned from each by a few class maps: three seeds. Some 15 minutes of one core for each seed.
suite = 'motion_segmentation'
protocols = ['segmentation']
selfsup = 'mmwsl::selfsup/'
seeds = [0, 1, 2]
cmp = selfsup + 'cmp/cmp_r18w4_1xb32-cos-5e_shapes.py'
runs = [
    dict(method='random', config=cmp, seeds=seeds, checkpoint='random'),
    dict(method='simclr', config=selfsup + 'simclr/simclr_r18w4_1xb64-cos-10e_shapes.py', seeds=seeds),
]
runs += [
    dict(method=method, config=f'{selfsup}{method}/{method}_r18w4_1xb32-cos-5e_shapes.py', seeds=seeds)
    for method in ('flow_prediction', 'cross_pixel', 'moving_foreground', 'cmp')
]
