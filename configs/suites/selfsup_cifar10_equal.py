# Every method by its small CPU recipe on CIFAR-10, under one budget: about 1,022 million pixels through the backbones,
# student and teacher together (what SimCLR's ten epochs take). Every run counts its own; see docs/results.
suite = 'selfsup_cifar10_equal'
protocols = ['knn', 'linear', 'svm']
selfsup = 'mmwsl::selfsup/'
resnet = selfsup + 'supervised/supervised_r18w16_1xb256-cos-20e_cifar10.py'
runs = [
    dict(method='random', config=resnet, checkpoint='random'),
    dict(method='random_rescaled', config=resnet, checkpoint='random_rescaled'),
    dict(method='supervised', config=resnet),
    dict(method='rotation', config=selfsup + 'rotation/rotation_r18w16_1xb128-cos-5e_cifar10.py'),
    dict(method='jigsaw', config=selfsup + 'jigsaw/jigsaw_r18w16_1xb256-cos-26e_cifar10.py'),
    dict(method='moco_v1', config=selfsup + 'moco/moco_v1_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='moco_v2', config=selfsup + 'moco/moco_v2_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='simclr', config=selfsup + 'simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='byol', config=selfsup + 'byol/byol_r18w16_1xb256-cos-5e_cifar10.py'),
]
