# The five methods (MoCo in both versions) by their small CPU recipes on CIFAR-10, beside the untrained network.
# Budgets differ from method to method: this table shows that each one learns, not which one is best.
suite = 'selfsup_cifar10'
protocols = ['knn', 'linear', 'svm']
selfsup = 'mmwsl::selfsup/'
runs = [
    dict(method='random', config=selfsup + 'simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py', checkpoint='random'),
    dict(method='simclr', config=selfsup + 'simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='rotation', config=selfsup + 'rotation/rotation_r18w16_1xb128-cos-3e_cifar10.py'),
    dict(method='jigsaw', config=selfsup + 'jigsaw/jigsaw_r18w16_1xb256-cos-5e_cifar10.py'),
    dict(method='moco_v1', config=selfsup + 'moco/moco_v1_r18w16_1xb256-cos-5e_cifar10.py'),
    dict(method='moco_v2', config=selfsup + 'moco/moco_v2_r18w16_1xb256-cos-5e_cifar10.py'),
    dict(method='byol', config=selfsup + 'byol/byol_r18w16_1xb256-cos-5e_cifar10.py'),
]
