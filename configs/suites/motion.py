# Four tasks of motion, SimCLR and nothing, on the same clips of shapes, then segmentation of still scenes that are held
# out (object or ground), fine-tuned from each by a few masks: three seeds, one after the other, on 240 clips. Some
# three minutes of one core for each seed.
suite = 'motion_segmentation'
protocols = ['segmentation']
selfsup = 'mmwsl::selfsup/'
options = {'train_dataloader.dataset.clips.num_images': 240}
recipes = dict(
    simclr='simclr/simclr_r18w4_1xb64-cos-10e_shapes.py',
    cmp='cmp/cmp_r18w4_1xb32-cos-5e_shapes.py',
    flow_prediction='flow_prediction/flow_prediction_r18w4_1xb32-cos-5e_shapes.py',
    cross_pixel='cross_pixel/cross_pixel_r18w4_1xb32-cos-5e_shapes.py',
    moving_foreground='moving_foreground/moving_foreground_r18w4_1xb32-cos-5e_shapes.py')
runs = []
for seed in (0, 1, 2):
    runs.append(dict(method='random', config=selfsup + recipes['cmp'], seeds=[seed], checkpoint='random'))
    runs += [
        dict(method=method, config=selfsup + recipe, seeds=[seed], options=options)
        for method, recipe in recipes.items()
    ]
del seed
