# The twelve sets of SimCLR's transfer table: FGVC Aircraft.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/aircraft'
benchmark = dict(
    dataset='FGVC Aircraft',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root),
    protocols=dict(logistic=dict(metric='mean_class')))
