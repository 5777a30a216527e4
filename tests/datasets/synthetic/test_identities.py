"""Synthetic identities: what was asked for, and a committee whose errors are independent."""

import numpy as np
import pytest

from mmwsl.clustering import exact_graph, partition_scores, propagate, vote_pairs
from mmwsl.datasets.synthetic.identities import Identities


def test_features_are_those_asked_for():
    items = Identities(3000, 40, dims=32, tail=1, noise=.5, hard=.2, hard_noise=2, seed=3)
    x = items.features()
    assert x.shape == (3000, 32) and x.dtype == np.float32 and len(items) == 3000
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    sizes = np.bincount(items.labels, minlength=40)
    assert 8 < sizes[0] / max(sizes[20:].mean(), 1) < 60  # long-tailed: 1 / rank
    means = np.stack([x[items.labels == label].mean(0) for label in range(10)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    cosine = (x * means[np.minimum(items.labels, 9)]).sum(1)[items.labels < 10]
    # 1 / sqrt(1 + noise**2): .89 of the easy ones, .45 of the hard
    assert np.median(cosine) == pytest.approx(.89, abs=.04) and np.mean(cosine < .67) == pytest.approx(.2, abs=.04)


def test_the_same_seed_gives_the_same_and_models_differ():
    first, again = Identities(50, 5, seed=1), Identities(50, 5, seed=1)
    np.testing.assert_array_equal(first.features(2), again.features(2))
    assert abs(first.features(0) - first.features(1)).max() > .1
    assert (Identities(50, 5, seed=2).labels != first.labels).any()


def test_a_committee_is_better_than_its_members():
    items = Identities(1500, 60, dims=24, noise=1.0, hard_noise=1.6, seed=0)
    graphs = [exact_graph(items.features(model), 10) for model in range(4)]
    single = max(partition_scores(propagate(vote_pairs(graphs[0], [], threshold, 0), 1500), items.labels)['pairwise_f']
                 for threshold in (.45, .5, .55, .6, .65, .7))
    vote = max(partition_scores(propagate(vote_pairs(graphs[0], graphs[1:], threshold, 2), 1500), items.labels)['pairwise_f']
               for threshold in (.3, .4, .45, .5, .55, .6))
    assert vote > single + .02


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match='hard=2 0 to 1'):
        Identities(5, 2, hard=2)
