# The twelve sets of SimCLR's transfer table: Caltech-101.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/caltech101'
benchmark = dict(
    dataset='Caltech-101',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root),
    protocols=dict(logistic=dict(metric='mean_class')))
