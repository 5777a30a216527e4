"""W ranks with B/W images each are one rank with B, for NPID, SwAV and DINO."""

from rank_invariance import check_two_ranks

SYNC = dict(type='SyncBN')
RESNET = dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=SYNC)
VIT = dict(type='VisionTransformer', arch='tiny', embed_dims=32, depth=2, num_heads=2, image_size=16, patch_size=4)


def npid(**settings):
    return dict(type='NPID', backbone=RESNET, neck=dict(type='MLPNeck', in_channels=32, out_channels=8, num_layers=1),
                bank=dict(type='FeatureBank', length=20, channels=8), temperature=0.2, **settings)


def swav(**settings):
    neck = dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8, norm_cfg=SYNC)
    return dict(type='SwAV', backbone=RESNET, neck=neck, num_prototypes=12, **settings)


def dino(**settings):
    head = dict(type='DINOHead', in_channels=32, hidden_channels=16, bottleneck_channels=8, out_channels=12)
    return dict(dict(type='DINO', backbone=RESNET, head=dict(head, norm_cfg=SYNC), momentum=0.9,
                     _no_gradient=('head.layers.0.bias', 'head.layers.3.bias')), **settings)  # before a BN


METHODS = dict(
    npid_full=npid(negatives=None),
    npid_softmax=npid(negatives=6, _draws=True),
    npid_nce=npid(negatives=6, form='nce', _draws=True),
    swav=swav(),
    swav_multicrop=swav(_views=(16, 16, 8)),
    swav_queue=swav(queue_length=16),  # open from the start, full and in use in the second step
    dino=dino(),
    dino_multicrop=dino(_views=(16, 16, 8), teacher_temperature=(0.04, 0.07), temperature_warmup=1.0),
    dino_transformer=dino(
        backbone=VIT, _views=(16, 16, 8), _no_gradient=(),
        head=dict(type='DINOHead', in_channels=32, hidden_channels=16, bottleneck_channels=8, out_channels=12,
                  learn_gain=True)),
)


def test_two_ranks_equal_one(tmp_path):
    expected = check_two_ranks(METHODS, tmp_path)
    assert expected['swav_queue']['state']['queue'].norm(dim=2).min() > 0.99  # it was full
    assert expected['npid_nce']['state']['log_partition'].isfinite()
