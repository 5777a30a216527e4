"""SimSiam, MoCo v3, Barlow Twins, VICReg and DenseCL: W ranks with B/W images each are one rank with B."""

import sys

import pytest
from rank_invariance import check_two_ranks

DIM = 8
SYNC, SPLIT = dict(type='SyncBN'), dict(type='SplitBN', batch_per_split=4)


def backbone(norm_cfg=SYNC):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=norm_cfg)


def mlp(in_channels=32, **settings):
    settings = dict(dict(hidden_channels=16, out_channels=DIM, norm_cfg=SYNC), **settings)
    return dict(type='MLPNeck', in_channels=in_channels, **settings)


BARE = dict(last_norm=True, last_affine=False, last_bias=False)


def densecl(norm_cfg):
    queue = dict(type='FeatureQueue', length=24, channels=DIM)  # wraps around in the second step
    return dict(type='DenseCL', backbone=backbone(norm_cfg), momentum=0.9, queue=queue, dense_queue=queue,
                neck=dict(type='DenseNeck', in_channels=32, hidden_channels=16, out_channels=DIM))


METHODS = dict(
    simsiam=dict(type='SimSiam', backbone=backbone(), neck=mlp(num_layers=3, **BARE), head=mlp(DIM)),
    moco_v3=dict(type='MoCoV3', backbone=backbone(), neck=mlp(**BARE), head=mlp(DIM, last_bias=False), momentum=0.9),
    barlow_twins=dict(type='BarlowTwins', backbone=backbone(), neck=mlp(num_layers=3, last_bias=False)),
    vicreg=dict(type='VICReg', backbone=backbone(), neck=mlp(num_layers=3, last_bias=False)),
    densecl_sync=densecl(SYNC),
    densecl_split=densecl(SPLIT),
)


def test_two_ranks_equal_one(tmp_path):
    expected = check_two_ranks(METHODS, tmp_path)
    for method, result in expected.items():  # the queues and the teacher were compared after they had moved
        state = result['state']
        if 'teacher.chain.0.conv1.weight' in state:
            difference = state['teacher.chain.0.conv1.weight'] - state['backbone.conv1.weight']
            assert difference.abs().max() > 1e-3, method
        if 'dense_queue.position' in state:
            assert state['queue.position'] == state['dense_queue.position'] == 8, method


def alone(model, rank, size):
    """Make a rank take the correlations of its own images only."""
    if size > 1:  # in the ranks' own processes
        sys.modules[type(model).__module__].all_reduce = lambda x: x


def test_the_check_can_fail(tmp_path):
    with pytest.raises(AssertionError, match='barlow_twins: .*differs by'):
        check_two_ranks(dict(barlow_twins=dict(METHODS['barlow_twins'], _prepare=alone)), tmp_path)
