"""Two ranks with half of the batch are one rank with all of it, for the methods that compare parts of an image."""

from rank_invariance import check_two_ranks

SYNC = dict(type='SyncBN')


def backbone(norm_cfg=SYNC):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=norm_cfg)


METHODS = dict(
    relative_location=dict(
        type='RelativeLocation', backbone=backbone(), patch_size=4, _draws=True,
        neck=dict(type='PairNeck', in_channels=64, out_channels=16, dropout=0.0, norm_cfg=SYNC),
        head=dict(type='ClassificationHead', in_channels=16, num_classes=8, init_std=0.5)),
    # The other image of a rank's last one is the first of the next rank; a margin that some distances exceed.
    counting=dict(
        type='Counting', backbone=backbone(), tile_size=7, margin=20.0, _draws=True,
        neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8, norm_cfg=SYNC)),
    cpc=dict(
        type='CPC', backbone=backbone(dict(type='GN', num_groups=1)), patch_size=6, stride=5, crop=5, steps=(1, 2),
        context=dict(type='RowContext', channels=32, hidden_channels=8, num_blocks=2), _draws=True),
)


def test_two_ranks_equal_one(tmp_path):
    check_two_ranks(METHODS, tmp_path)
