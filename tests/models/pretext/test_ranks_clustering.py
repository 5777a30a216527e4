import copy

import torch
import torch.nn.functional as F
from gloo_ranks import on_ranks
from rank_invariance import check_two_ranks

from mmwsl.registry import MODELS

SYNC = dict(type='SyncBN')
CLUSTERS = 4


def cluster(model, rank, size, count=16):
    """Give the model labels: every rank brings features of its own half of the images."""
    width = model.memory.features.shape[1] if hasattr(model, 'memory') else 32
    features = torch.randn(count, width, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    share = torch.arange(count).chunk(size)[rank]
    model.cluster(features[share], share, seed=3)


def backbone(**settings):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=SYNC, **settings)


DEEPCLUSTER = dict(
    type='DeepCluster', backbone=backbone(), num_images=16, pca_dims=5,
    head=dict(type='ClassificationHead', in_channels=32, num_classes=CLUSTERS), _prepare=cluster, _views=(16,))
ODC = dict(
    type='ODC', backbone=backbone(), num_images=16, min_cluster=2,
    neck=dict(type='ODCNeck', in_channels=32, hidden_channels=16, out_channels=8, dropout=0.0, norm_cfg=SYNC),
    head=dict(type='ClassificationHead', in_channels=8, num_classes=CLUSTERS), _prepare=cluster, _views=(16,))
METHODS = dict(
    deepcluster=DEEPCLUSTER,
    deepcluster_reweighted=dict(DEEPCLUSTER, reweight=True),
    deepcluster_sobel=dict(DEEPCLUSTER, sobel=True, backbone=backbone(in_channels=2)),
    odc=ODC)


def test_two_ranks_equal_one(tmp_path):
    """Clustering included: a head, a label or a weight that a rank makes up by itself shows in the gradients."""
    check_two_ranks(METHODS, tmp_path)


def memory_after_steps(rank, size):
    """Twenty updates with refreshes between them, some images twice in a batch, clusters that die out."""
    torch.manual_seed(0)
    cfg = dict(copy.deepcopy({key: value for key, value in ODC.items() if key[0] != '_'}), num_images=60, min_cluster=9)
    model = MODELS.build(cfg).double()
    cluster(model, rank, size, count=60)
    generator, dissolved, ratios = torch.Generator().manual_seed(0), 0, []
    for step in range(20):
        index = torch.randint(60, (24,), generator=generator)
        features = torch.randn(24, 8, generator=generator, dtype=torch.float64) + 2 * F.one_hot(index % 2, 8)
        ratios.append(model.memory.update(index.chunk(size)[rank], features.chunk(size)[rank]))
        if step % 4 == 3:
            dissolved += model.memory.refresh(step)
    return dict(model.memory.state_dict(), dissolved=torch.tensor(dissolved), ratios=torch.stack(ratios))


def test_memory_on_two_ranks(tmp_path):
    expected = memory_after_steps(0, 1)
    assert expected['dissolved'] > 0 and expected['ratios'].max() > 0
    for rank in on_ranks(memory_after_steps, tmp_path):
        for name, value in expected.items():
            torch.testing.assert_close(rank[name], value, rtol=0, atol=1e-12, msg=name)
