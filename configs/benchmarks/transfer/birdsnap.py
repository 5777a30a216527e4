# The twelve sets of SimCLR's transfer table: Birdsnap.
_base_ = '../../_base_/datasets/transfer_lists.py'

root = 'data/birdsnap'
benchmark = dict(
    dataset='Birdsnap',
    train=dict(list_file=root + '/train.txt', data_prefix=root),
    test=dict(list_file=root + '/test.txt', data_prefix=root))
