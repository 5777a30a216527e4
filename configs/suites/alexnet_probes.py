# Linear probes of AlexNet's conv1-conv5 on ImageNet, pretext task by pretext task. Features are cached: 100 images of
# every class train the classifiers, 3.8 GB a layer; so the figures do not compare with published ones, which see every
# image in many crops. DeepCluster's AlexNet is wider in conv1, 2 and 4: 12,544 or 13,824 numbers there.
suite = 'alexnet_probes'
protocols = ['linear']
table = 'layers'
selfsup = 'mmwsl::selfsup/'
probes = {
    'benchmark.layers': [1, 2, 3, 4, 5],
    'benchmark.pooling': 'rotnet',
    'benchmark.train.max_images': 100000,
    'benchmark.protocols.linear': dict(lr=(1e-3, 1e-2, 1e-1), weight_decay=(0.0, 1e-2)),
}
rotation = selfsup + 'rotation/rotation_alexnet_1xb192-step-50e_imagenet.py'
runs = [dict(method=name, config=rotation, checkpoint=name, options=probes) for name in ('random', 'random_rescaled')]
runs += [
    dict(method=config.split('/')[0], config=selfsup + config, options=probes) for config in (
        'rotation/rotation_alexnet_1xb192-step-50e_imagenet.py',
        'jigsaw/jigsaw_alexnet_1xb256-step-70e_imagenet.py',
        'relative_location/relative_location_alexnet_1xb128-step-70e_imagenet.py',
        'colorization/colorization_alexnet_1xb40-step-14e_imagenet.py',
        'split_brain/split_brain_alexnet_1xb40-step-14e_imagenet.py',
        'inpainting/inpainting_alexnet_1xb64-const-500e_imagenet.py',
        'counting/counting_alexnet_1xb128-step-20e_imagenet.py',
        'deepcluster/deepcluster_alexnet_1xb256-const-200e_imagenet.py',
        'supervised/supervised_alexnet_1xb256-step-90e_imagenet.py',
    )
]
