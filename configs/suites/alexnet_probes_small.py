# Linear probes of AlexNet's conv1-conv5 on CIFAR-10 upsampled to 64 px, for a CPU: 20,000 images for the pretext tasks,
# 10,000 for the classifiers. A few minutes of one core each.
suite = 'alexnet_probes_small'
protocols = ['linear']
table = 'layers'
selfsup = 'mmwsl::selfsup/'
options = {
    'benchmark.layers': [1, 2, 3, 4, 5],
    'benchmark.pooling': 'rotnet',
    'benchmark.train.dataset.max_images': 10000,
    'train_dataloader.dataset.max_images': 20000,
}
rotation = selfsup + 'rotation/rotation_alexnet_1xb128-cos-3e_cifar10.py'
runs = [dict(method=name, config=rotation, checkpoint=name, options=options) for name in ('random', 'random_rescaled')]
runs += [
    dict(method=config.split('/')[0], config=selfsup + config, options=options) for config in (
        'rotation/rotation_alexnet_1xb128-cos-3e_cifar10.py',
        'jigsaw/jigsaw_alexnet_1xb128-cos-6e_cifar10.py',
        'supervised/supervised_alexnet_1xb128-cos-12e_cifar10.py',
    )
]
