# What `motion.py` trained, fine-tuned to the few class maps of VOC2007's photos; give it the same --work-dir, and
# nothing is trained a second time. Its networks learnt from drawn shapes, so little is to be hoped for.
suite = 'motion_voc'
protocols = ['segmentation']
selfsup = 'mmwsl::selfsup/'
voc = {
    'benchmark.dataset': 'VOC2007 (val, with class maps)',
    'benchmark.protocols.segmentation.config': 'mmwsl::benchmarks/quick/fcn_motion_voc07.py',
}
fewer = {'train_dataloader.dataset.clips.num_images': 240}
recipes = dict(
    simclr='simclr/simclr_r18w4_1xb64-cos-10e_shapes.py',
    cmp='cmp/cmp_r18w4_1xb32-cos-5e_shapes.py',
    flow_prediction='flow_prediction/flow_prediction_r18w4_1xb32-cos-5e_shapes.py',
    cross_pixel='cross_pixel/cross_pixel_r18w4_1xb32-cos-5e_shapes.py',
    moving_foreground='moving_foreground/moving_foreground_r18w4_1xb32-cos-5e_shapes.py')
runs = [dict(method='random', config=selfsup + recipes['cmp'], checkpoint='random', options=voc)]
runs += [
    dict(method=method, config=selfsup + recipe, options={**fewer, **voc})
    for method, recipe in recipes.items()
]
