# The twelve sets of SimCLR's transfer table: Oxford-IIIT Pets.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/pets'
benchmark = dict(
    dataset='Oxford-IIIT Pets',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root),
    protocols=dict(logistic=dict(metric='mean_class')))
