import itertools
import json

import numpy as np
import pytest
import torch

from mmwsl.evaluation.functional import average_precision
from mmwsl.protocols import Cluster, Features, FeatureSource, Linear, clustering_accuracy
from mmwsl.protocols.clustering import clustering_precision


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


def test_precision_of_tags_by_hand_and_by_all_permutations():
    closeness = np.array([[0.9, 0.1], [0.8, 0.7], [0.1, 0.9], [0.2, 0.3]])
    tags = np.array([[0, 1], [0, 1], [1, 0], [1, 0]])  # the first cluster is the second class
    # the first: its images come 1st and 2nd; the second: 1st and 3rd
    assert clustering_precision(closeness, tags) == pytest.approx((1 + (1 + 2 / 3) / 2) / 2)
    assert clustering_precision(closeness[:, :1], tags) == pytest.approx(1 / 2)  # one class has no cluster
    assert clustering_precision(closeness, np.c_[tags, np.zeros(4, int)]) == clustering_precision(closeness, tags)
    with pytest.raises(ValueError, match='no class has an image'):
        clustering_precision(closeness, np.zeros((4, 2), int))
    rng = np.random.default_rng(0)
    closeness, tags = rng.random((30, 4)), rng.integers(-1, 2, (30, 4))
    values = [[average_precision(closeness[:, k], tags[:, c]) for c in range(4)] for k in range(4)]
    best = max(np.mean([values[order[c]][c] for c in range(4)]) for order in itertools.permutations(range(4)))
    assert clustering_precision(closeness, tags) == pytest.approx(best)


def test_images_with_several_tags():
    def tagged(part):
        return Features(part.features, torch.nn.functional.one_hot(part.labels, 3), part.classes)
    record, = Cluster(starts=3).run(FeatureSource(tagged(blobs(300, 0)), tagged(blobs(90, 1))))
    assert record['metric'] == 'cluster_mAP' and record['value'] == pytest.approx(100)
    json.dumps(record)
    record, = Cluster(starts=3).run(FeatureSource(tagged(blobs(300, 0, 50.)), tagged(blobs(300, 1, 50.))))
    assert 30 < record['value'] < 50  # a third of the images have each tag


def test_settings_under_their_british_names():
    """For one release; in records the keys stay."""
    with pytest.warns(DeprecationWarning, match='normalise is now called normalize'):
        protocol = Cluster(starts=1, normalise=False)
    records = protocol.run(FeatureSource(blobs(60, 0), blobs(30, 1)))
    assert not protocol.normalize and records[0]['settings']['normalise'] is False
    with pytest.warns(DeprecationWarning, match='standardise is now called standardize'):
        assert not Linear(standardise=False).standardize
