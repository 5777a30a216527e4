# CIFAR-10 at 64 px for AlexNet, whose maps are then 15, 7, 3, 3 and 3 pixels wide. In training the views are resized.
_base_ = './cifar10.py'

cifar10 = dict(type='CIFAR10', data_root='data/cifar10')
benchmark = dict(
    train=dict(_delete_=True, type='Resized', size=64, dataset=dict(split='train', **cifar10)),
    test=dict(_delete_=True, type='Resized', size=64, dataset=dict(split='test', **cifar10)),
    protocols=dict(linear=dict(lr=(1e-3, 1e-2, 1e-1), weight_decay=(0.0, 1e-2), epochs=10)))
