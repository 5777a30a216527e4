# The twelve sets of SimCLR's transfer table: DTD.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/dtd'
benchmark = dict(
    dataset='DTD',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root))
