# The twelve sets of SimCLR's transfer table: Stanford Cars.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/cars'
benchmark = dict(
    dataset='Stanford Cars',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root))
