# The twelve sets of SimCLR's transfer table: SUN397.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/sun397'
benchmark = dict(
    dataset='SUN397',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root))
