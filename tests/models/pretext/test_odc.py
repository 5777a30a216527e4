import copy
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume

from mmwsl.models.memories import ClusterMemory
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

IMAGES = 120


def build(**settings):
    torch.manual_seed(0)
    cfg = dict(
        type='ODC', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
        neck=dict(type='ODCNeck', in_channels=32, hidden_channels=32, out_channels=16, dropout=0.0,
                  norm_cfg=dict(type='BN')),
        head=dict(type='ClassificationHead', in_channels=16, num_classes=6), num_images=IMAGES, min_cluster=5)
    return MODELS.build(copy.deepcopy(dict(cfg, **settings)))


def pictures(seed=0):
    """Stripes of four directions with other places and noise."""
    generator = torch.Generator().manual_seed(seed)
    row, column = torch.meshgrid(torch.arange(16.), torch.arange(16.), indexing='ij')
    waves = torch.stack([row, column, row + column, row - column])[torch.arange(IMAGES) % 4]
    images = ((waves + 6 * torch.rand(IMAGES, 1, 1, generator=generator)) * 1.2).sin()[:, None].repeat(1, 3, 1, 1)
    return images + 0.3 * torch.randn(images.shape, generator=generator)


def cluster(model, images, seed=0):
    model.eval()
    with torch.no_grad():
        features = model.cluster_features(images)
    return model.cluster(features, torch.arange(IMAGES), seed)


def memory_of(features, labels, clusters, **settings):
    memory = ClusterMemory(len(features), clusters, features.shape[1], **settings)
    memory.features.copy_(features)
    memory.labels.copy_(labels)
    memory.counts.copy_(torch.bincount(labels, minlength=clusters))
    memory._recompute_centroids()
    return memory


def unit_rows(count, dims, seed=0):
    return F.normalize(torch.randn(count, dims, generator=torch.Generator().manual_seed(seed)), dim=1)


def check_consistent(memory):
    assert torch.equal(memory.counts, torch.bincount(memory.labels, minlength=len(memory.counts)))


def test_update_is_the_slow_one():
    """Line by line after the paper, in numpy; image 5 comes twice and counts with its first feature."""
    rows, labels = unit_rows(40, 8), torch.arange(40) % 4
    memory = memory_of(rows, labels, 4, momentum=0.3, min_cluster=1)
    index = torch.tensor([5, 17, 5, 0, 39])
    features = 7 * torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    bank, centroids, expected = rows.numpy().copy(), memory.centroids.numpy().copy(), labels.numpy().copy()
    changed = 0
    for i in (0, 1, 3, 4):
        unit = features[i].numpy() / np.linalg.norm(features[i])
        row = 0.3 * bank[index[i]] + 0.7 * unit
        bank[index[i]] = row / np.linalg.norm(row)
        new = (centroids @ bank[index[i]]).argmax()
        changed += new != expected[index[i]]
        expected[index[i]] = new
    ratio = memory.update(index, features)
    np.testing.assert_allclose(memory.features.numpy(), bank, atol=1e-6)
    assert memory.labels.tolist() == expected.tolist() and changed > 0
    assert ratio.item() == pytest.approx(changed / 4)
    check_consistent(memory)
    np.testing.assert_array_equal(memory.centroids.numpy(), centroids)  # they wait for the refresh
    memory.refresh(0)
    for number in range(4):
        np.testing.assert_allclose(memory.centroids[number].numpy(), bank[expected == number].mean(0), atol=1e-6)


def test_small_clusters_are_dissolved_and_the_largest_split():
    """Directions x, y, z; cluster 0 has 40 rows around +-x and is split, cluster 3 has two rows near y."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.zeros(72, 3)
    rows[:20, 0], rows[20:40, 0], rows[40:62, 1], rows[62:70, 2] = 1, -1, 1, 1
    rows[70:, 1] = 1
    rows = F.normalize(rows + 0.05 * torch.randn(72, 3, generator=generator), dim=1)
    labels = torch.tensor([0] * 40 + [1] * 22 + [2] * 8 + [3] * 2)
    memory = memory_of(rows, labels, 4, min_cluster=5)
    assert memory.refresh(0) == 1
    assert (memory.labels[70:] == 1).all()  # to the nearest of the others
    halves = [memory.labels[:20].unique().tolist(), memory.labels[20:40].unique().tolist()]
    assert sorted(halves) == [[0], [3]]  # 2-means found the two halves of the largest
    assert memory.counts.tolist() == [20, 24, 8, 20]
    check_consistent(memory)
    for number in range(4):
        torch.testing.assert_close(memory.centroids[number], rows[memory.labels == number].mean(0))
    before = {name: value.clone() for name, value in memory.state_dict().items()}
    assert memory.refresh(1) == 0
    assert all(torch.equal(value, before[name]) for name, value in memory.state_dict().items())


def test_several_small_clusters_share_out_the_largest():
    """Each takes half of what is the largest by then, never of one that is small; equal rows are split at random."""
    rows = torch.cat([unit_rows(1, 4).repeat(64, 1), unit_rows(6, 4, seed=3)])
    labels = torch.tensor([2] * 64 + [0, 0, 1, 4, 4, 4])
    memory = memory_of(rows, labels, 5, min_cluster=8)
    assert memory.refresh(5) == 4  # 0, 1, 3 (empty) and 4
    assert memory.counts.sum() == 70 and memory.counts.min() >= 1
    assert sorted(memory.counts.tolist())[-1] <= 35
    check_consistent(memory)
    again = memory_of(rows, labels, 5, min_cluster=8)
    again.refresh(5)
    assert torch.equal(again.labels, memory.labels)  # the seed decides


def test_empty_clusters_keep_their_centroid():
    memory = memory_of(unit_rows(30, 4), torch.arange(30) % 3, 4, min_cluster=0)
    memory.centroids[3] = 7
    memory.refresh(0)
    assert (memory.centroids[3] == 7).all()


def test_loss_weighs_by_the_size_of_the_cluster():
    model, images = build().eval(), pictures()
    facts = cluster(model, images)
    assert facts['clusters'] == 6 and (model.memory.counts >= 1).all()
    torch.testing.assert_close(model.memory.features.norm(dim=1), torch.ones(IMAGES))
    check_consistent(model.memory)
    index = torch.arange(40)
    labels, sizes = model.memory.labels[index], model.memory.counts.double().numpy()
    with torch.no_grad():
        scores = model.head(model.neck(model.backbone(images[index])))
    result = model([images[index]], DataSample(index=index), mode='loss')
    weights = torch.tensor((sizes + 1e-5)**-0.5 / ((sizes + 1e-5)**-0.5).sum()).float()
    torch.testing.assert_close(result['loss'].detach(), F.cross_entropy(scores, labels, weights))
    assert result['smallest_cluster'] == model.memory.counts.min()
    check_consistent(model.memory)


def test_learns_with_labels_that_move():
    model, images = build(), pictures()
    cluster(model, images)
    first = model.memory.labels.clone()
    body = [*model.backbone.parameters(), *model.neck.parameters()]
    optimizer = torch.optim.SGD([dict(params=body, momentum=0.9), dict(params=model.head.parameters())], lr=0.1)
    generator, logs = torch.Generator().manual_seed(0), []
    model.train()
    for step in range(80):
        index = torch.randint(IMAGES, (32,), generator=generator)
        views = images[index] + 0.1 * torch.randn(32, 3, 16, 16, generator=generator)
        result = model([views], DataSample(index=index), mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
        if step % 10 == 9:
            model.refresh_clusters(step)
        logs.append([result[name].item() for name in ('loss', 'accuracy', 'label_change')])
    logs = np.array(logs)
    assert logs[-10:, 0].mean() < logs[:5, 0].mean() - 0.4  # it starts at ln 6
    assert logs[-10:, 1].mean() > logs[:5, 1].mean() + 25
    assert (first != model.memory.labels).float().mean() > 0.1  # the labels did move
    assert logs[-20:, 2].mean() < 50 and result['embedding_std'] > 0.2
    assert model.memory.counts.min() >= 1
    check_consistent(model.memory)


def test_neck():
    neck = MODELS.build(dict(type='ODCNeck', in_channels=4, hidden_channels=8, out_channels=3)).eval()
    linear, norm, _, dropout, last, _ = neck.layers
    assert not norm.affine and norm.momentum == 0.001 and dropout.p == 0.5
    maps = torch.randn(5, 4, 2, 2)
    hidden = F.relu(linear(maps.mean((2, 3))) / (1 + norm.eps)**0.5)
    torch.testing.assert_close(neck(maps), F.relu(last(hidden)))


def test_bad_settings(monkeypatch):
    with pytest.raises(ValueError, match='6 clusters of at least 21 images need more images than the 120 of num_images'):
        build(min_cluster=21)
    with pytest.raises(ValueError, match='6 clusters of at least 0'):
        build(num_images=5, min_cluster=0)
    with pytest.raises(RuntimeError, match="no labels yet: add dict.type='ClusteringHook', every=None"):
        build()([pictures()[:4]], DataSample(index=torch.arange(4)), mode='loss')
    monkeypatch.setitem(sys.modules, 'faiss', None)
    with pytest.raises(ImportError, match='faiss is not installed'):
        build(kmeans=dict(engine='faiss'))


TINY = """
_base_ = 'mmwsl::selfsup/odc/odc_r18w16_1xb256-cos-19e_cifar10.py'
model = dict(backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
             head=dict(in_channels=8, num_classes=10), num_images=320, min_cluster=8)
""" + TINY_DATA + """
data_preprocessor = dict(views=[[crop]])
custom_hooks = [dict(type='ClusteringHook', every=None, refresh_interval=4)]
"""


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['memory.features', 'memory.labels', 'memory.centroids', 'memory.counts'])
