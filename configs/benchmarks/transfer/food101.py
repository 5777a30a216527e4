# The twelve sets of SimCLR's transfer table: Food-101.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/food101'
benchmark = dict(
    dataset='Food-101',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root))
