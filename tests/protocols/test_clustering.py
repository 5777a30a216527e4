import itertools
import json

import numpy as np
import pytest
import torch

from mmwsl.protocols import Cluster, Features, FeatureSource, Linear, clustering_accuracy


def test_accuracy_by_hand_and_by_all_permutations():
    assert clustering_accuracy(np.array([1, 1, 0, 0]), np.array([0, 0, 1, 1])) == 1
    assert clustering_accuracy(np.array([0, 0, 0, 0]), np.array([0, 0, 1, 1])) == 0.5
    assert clustering_accuracy(np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1])) == 0.5  # one cluster a class
    rng = np.random.default_rng(0)
    clusters, labels = rng.integers(0, 5, 60), rng.integers(0, 5, 60)
    best = max(np.mean(np.array(order)[clusters] == labels) for order in itertools.permutations(range(5)))
    assert clustering_accuracy(clusters, labels) == pytest.approx(best)


def blobs(count, seed, spread=0.05):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    centres = torch.eye(3)
    return Features(centres[labels] + spread * torch.randn(count, 3, generator=generator), labels, ['a', 'b', 'c'])


def test_separate_classes_are_found_and_noise_is_not():
    records = {record['metric']: record for record in Cluster(starts=3).run(FeatureSource(blobs(300, 0), blobs(90, 1)))}
    assert {name: record['value'] for name, record in records.items()} == pytest.approx(
        dict(cluster_acc=100, cluster_nmi=100, cluster_ari=100))
    json.dumps(list(records.values()))
    noise = {record['metric']: record['value'] for record in
             Cluster(starts=3).run(FeatureSource(blobs(300, 0, 50.), blobs(300, 1, 50.)))}
    assert noise['cluster_acc'] < 50 and noise['cluster_nmi'] < 5 and noise['cluster_ari'] < 5


def test_more_clusters_than_classes_and_repeatable():
    first, second = (Cluster(k=6, starts=2, seed=3).run(FeatureSource(blobs(300, 0), blobs(90, 1))) for _ in range(2))
    assert first == second and first[0]['settings']['k'] == 6
    assert first[0]['value'] < 100  # three clusters are left over, so their images are wrong


def test_bad_input():
    with pytest.raises(ValueError, match='must be at least 1'):
        Cluster(k=0)
    with pytest.raises(ValueError, match='400 clusters of 300 rows'):
        Cluster(k=400).run(FeatureSource(blobs(300, 0), blobs(90, 1)))


def test_settings_under_their_british_names():
    """For one release; in records the keys stay."""
    with pytest.warns(DeprecationWarning, match='normalise is now called normalize'):
        protocol = Cluster(starts=1, normalise=False)
    records = protocol.run(FeatureSource(blobs(60, 0), blobs(30, 1)))
    assert not protocol.normalize and records[0]['settings']['normalise'] is False
    with pytest.warns(DeprecationWarning, match='standardise is now called standardize'):
        assert not Linear(standardise=False).standardize
