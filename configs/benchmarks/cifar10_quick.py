# Every protocol that CIFAR-10 can serve, for a CPU.
data_root = 'data/cifar10'
folder = 'mmwsl::benchmarks/'
benchmark = dict(
    dataset='CIFAR-10',
    batch_size=500,
    train=dict(type='CIFAR10', data_root=data_root, split='train'),
    test=dict(type='CIFAR10', data_root=data_root, split='test'),
    protocols=dict(
        knn=dict(preset='dino'),
        linear=dict(),
        cluster=dict(),
        svm=dict(costs='quick', max_train_images=10000),
        linear_online=dict(config=folder + 'linear/linear_quick_r18w16_1xb256-cos-4e_cifar10.py'),
        multi_layer=dict(config=folder + 'multi_layer/multi_layer_quick_r18w16_1xb256-cos-4e_cifar10.py'),
        semi_supervised=dict(
            config=folder + 'semi_supervised/semi_supervised_quick_r18w16_1xb64-step-40e_cifar10.py',
            grid={
                'optim_wrapper.optimizer.lr': [0.01, 0.1],
                'optim_wrapper.paramwise_cfg.custom_keys.head.lr_mult': [1, 10],
            }),
        finetune=dict(config=folder + 'finetune/finetune_quick_r18w16_1xb256-cos-3e_cifar10.py')))
del folder
