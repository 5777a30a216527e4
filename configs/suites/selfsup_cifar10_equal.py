# Every method by its small CPU recipe on CIFAR-10, under one budget: about 1,022 million pixels through the backbones,
# student and teacher together (what SimCLR's ten epochs take). Every run counts its own; see docs/results.
suite = 'selfsup_cifar10_equal'
protocols = ['knn', 'linear', 'svm']
selfsup = 'mmwsl::selfsup/'
resnet = selfsup + 'supervised/supervised_r18w16_1xb256-cos-20e_cifar10.py'
vit = selfsup + 'mae/mae_vitxs4_1xb256-cos-80e_cifar10.py'
swin = selfsup + 'simmim/simmim_swinxs2_1xb256-cos-20e_cifar10.py'
runs = [
    dict(method='random', config=resnet, checkpoint='random'),
    dict(method='random_rescaled', config=resnet, checkpoint='random_rescaled'),
    dict(method='random_vit', config=vit, checkpoint='random'),  # the floors of MAE and SimMIM
    dict(method='random_swin', config=swin, checkpoint='random'),
    dict(method='supervised', config=resnet),
    dict(method='rotation', config=selfsup + 'rotation/rotation_r18w16_1xb128-cos-5e_cifar10.py'),
    dict(method='jigsaw', config=selfsup + 'jigsaw/jigsaw_r18w16_1xb256-cos-26e_cifar10.py'),
    dict(method='relative_location',
         config=selfsup + 'relative_location/relative_location_r18w16_1xb256-cos-36e_cifar10.py'),
    dict(method='colorization', config=selfsup + 'colorization/colorization_r18w16_1xb256-cos-20e_cifar10.py'),
    dict(method='inpainting', config=selfsup + 'inpainting/inpainting_r18w16_1xb256-cos-20e_cifar10.py'),
    dict(method='counting', config=selfsup + 'counting/counting_r18w16_1xb256-cos-16e_cifar10.py'),
    dict(method='cpc', config=selfsup + 'cpc/cpc_r18w16_1xb32-cos-9e_cifar10.py'),
    dict(method='split_brain', config=selfsup + 'split_brain/split_brain_r18w16_1xb256-cos-20e_cifar10.py'),
    dict(method='npid', config=selfsup + 'npid/npid_r18w16_1xb256-cos-20e_cifar10.py'),
    dict(method='deepcluster', config=selfsup + 'deepcluster/deepcluster_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='odc', config=selfsup + 'odc/odc_r18w16_1xb256-cos-19e_cifar10.py'),
    dict(method='swav', config=selfsup + 'swav/swav_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='dino', config=selfsup + 'dino/dino_r18w16_1xb256-cos-5e_cifar10.py'),
    dict(method='moco_v1', config=selfsup + 'moco/moco_v1_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='moco_v2', config=selfsup + 'moco/moco_v2_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='moco_v3', config=selfsup + 'moco_v3/moco_v3_r18w16_1xb256-cos-5e_cifar10.py'),
    dict(method='simclr', config=selfsup + 'simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='byol', config=selfsup + 'byol/byol_r18w16_1xb256-cos-5e_cifar10.py'),
    dict(method='simsiam', config=selfsup + 'simsiam/simsiam_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='barlow_twins', config=selfsup + 'barlow_twins/barlow_twins_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='vicreg', config=selfsup + 'vicreg/vicreg_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='densecl', config=selfsup + 'densecl/densecl_r18w16_1xb256-cos-10e_cifar10.py'),
    dict(method='mae', config=vit),
    dict(method='simmim', config=swin),
]
