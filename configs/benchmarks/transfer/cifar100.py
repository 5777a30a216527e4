# The twelve sets of SimCLR's transfer table: CIFAR-100.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/cifar100'
benchmark = dict(
    dataset='CIFAR-100',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root))
