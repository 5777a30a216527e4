"""W ranks with B/W images each are one rank with B, for MoCo, SimCLR, BYOL, rotation and jigsaw."""

import pytest
import torch
from gloo_ranks import on_ranks
from rank_invariance import check_two_ranks

from mmwsl.dist import all_gather

WIDTH, DIM = 32, 8
SYNC, SPLIT = dict(type='SyncBN'), dict(type='SplitBN', batch_per_split=4)


def backbone(norm_cfg):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=norm_cfg)


def mlp(norm_cfg=SYNC, in_channels=WIDTH, **settings):
    settings = dict(dict(out_channels=DIM, hidden_channels=16), **settings)
    return dict(type='MLPNeck', in_channels=in_channels, norm_cfg=norm_cfg, **settings)


def moco(norm_cfg, **settings):
    # the queue wraps around in the second step
    return dict(type='MoCo', backbone=backbone(norm_cfg), queue=dict(type='FeatureQueue', length=24, channels=DIM),
                momentum=0.9, **settings)


METHODS = dict(
    simclr=dict(type='SimCLR', backbone=backbone(SYNC), neck=mlp(last_norm=True, last_bias=False), temperature=0.1),
    moco_v1_sync=moco(SYNC, neck=mlp(num_layers=1), temperature=0.07),
    moco_v1_split=moco(SPLIT, neck=mlp(num_layers=1), temperature=0.07),
    moco_v2_sync=moco(SYNC, neck=mlp(None), temperature=0.2),
    moco_v2_split=moco(SPLIT, neck=mlp(None), temperature=0.2),
    moco_symmetric=dict(moco(SPLIT, neck=mlp(SPLIT), symmetric=True),
                        queue=dict(type='FeatureQueue', length=48, channels=DIM)),
    byol=dict(type='BYOL', backbone=backbone(SYNC), neck=mlp(), head=mlp(in_channels=DIM), momentum=0.9,
              _no_gradient=('neck.layers.3.bias',)),  # the predictor's BN takes it away again
    rotation=dict(type='Rotation', backbone=backbone(SYNC),
                  head=dict(type='ClassificationHead', in_channels=WIDTH, num_classes=4, init_std=0.5)),
    jigsaw=dict(type='Jigsaw', backbone=backbone(SYNC), neck=mlp(num_layers=1, last_norm=True, last_bias=False), grid=2,
                patch_size=6, permutations=12, _draws=True,
                head=dict(type='ClassificationHead', in_channels=4 * DIM, num_classes=12, init_std=0.5)),
)


def test_two_ranks_equal_one(tmp_path):
    expected = check_two_ranks(METHODS, tmp_path)
    for method, result in expected.items():  # the teacher was compared while it differs from the student
        if 'teacher.chain.0.conv1.weight' in result['state']:
            state = result['state']
            difference = state['teacher.chain.0.conv1.weight'] - state['backbone.conv1.weight']
            assert difference.abs().max() > 1e-3, method


def shared_gradient(rank, size):
    """Gradient of y where all_gather(x) + y is used: autograd hands both the same tensor."""
    x, y = torch.ones(2, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)
    (all_gather(x) + y).sum().backward()
    return dict(x=x.grad, y=y.grad)


def test_the_gradient_that_gather_receives_is_not_overwritten(tmp_path):
    for rank in on_ranks(shared_gradient, tmp_path):
        assert torch.equal(rank['x'], torch.full((2, 3), 2.0))  # summed over the ranks
        assert torch.equal(rank['y'], torch.ones(4, 3))  # this rank's own


@pytest.mark.long
def test_the_check_can_fail(tmp_path):
    """Plain BN has statistics of a rank's own: two ranks are then not one."""
    with pytest.raises(AssertionError, match='simclr: .*differs by'):
        check_two_ranks(dict(simclr=dict(METHODS['simclr'], backbone=backbone(dict(type='BN')))), tmp_path)
