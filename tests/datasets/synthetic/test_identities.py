"""Synthetic identities: what was asked for, and a committee whose errors are independent."""

import numpy as np
import pytest

from mmwsl.clustering import exact_graph, partition_scores, propagate, vote_pairs
from mmwsl.datasets.synthetic import Identities


def cosines_to_means(x, labels, count):
    means = np.stack([x[labels == label].mean(0) for label in range(count)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return x @ means.T, means @ means.T


def test_features_are_those_asked_for():
    items = Identities(3000, 40, dims=64, tail=1, group=4, resemblance=.5, spread=0, noise=.5, hard=.2, hard_noise=2, seed=3)
    x = items.features()
    assert x.shape == (3000, 64) and x.dtype == np.float32 and len(items) == 3000
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    sizes = np.bincount(items.labels, minlength=40)
    assert 8 < sizes[0] / max(sizes[20:].mean(), 1) < 60  # long-tailed: 1 / rank
    to_means, _ = cosines_to_means(x, items.labels, 10)
    first = items.labels < 10
    own = to_means[first, items.labels[first]]
    # 1 / sqrt(1 + noise**2): .89 of the easy ones, .45 of the hard
    assert np.median(own) == pytest.approx(.89, abs=.04) and np.mean(own < .67) == pytest.approx(.2, abs=.04)


def test_identities_of_a_group_resemble_each_other():
    items = Identities(4000, 40, tail=0, group=4, resemblance=.5, noise=.2, hard=0, spread=0, seed=1)
    between = cosines_to_means(items.features(), items.labels, 40)[1]
    near = np.sort(between, axis=1)[:, -4:-1]  # the three others of each one's group
    assert near.mean() == pytest.approx(.5, abs=.1) and np.sort(between, axis=1)[:, :-4].mean() == pytest.approx(0, abs=.05)


def test_models_agree_on_which_items_of_an_identity_are_near():
    items = Identities(400, 4, spread=1.0, noise=.2, hard=0)
    graphs = [exact_graph(items.features(model), 10) for model in range(2)]
    agreed = [len(set(first) & set(second)) for first, second in zip(graphs[0].ids.tolist(), graphs[1].ids.tolist(), strict=True)]
    assert np.mean(agreed) > 4  # by chance one of ten
    items = Identities(400, 4, spread=0, noise=.5, hard=0)
    graphs = [exact_graph(items.features(model), 10) for model in range(2)]
    agreed = [len(set(first) & set(second)) for first, second in zip(graphs[0].ids.tolist(), graphs[1].ids.tolist(), strict=True)]
    assert np.mean(agreed) < 2


def test_the_same_seed_gives_the_same_and_models_differ():
    first, again = Identities(50, 5, seed=1), Identities(50, 5, seed=1)
    np.testing.assert_array_equal(first.features(2), again.features(2))
    assert abs(first.features(0) - first.features(1)).max() > .1
    assert (Identities(50, 5, seed=2).labels != first.labels).any()


def test_a_committee_is_better_than_its_members():
    items = Identities(1500, 48, dims=32, noise=.5, hard_noise=1.6, seed=0)
    graphs = [exact_graph(items.features(model), 10) for model in range(4)]
    single = max(partition_scores(propagate(vote_pairs(graphs[0], [], threshold, 0), 1500), items.labels)['pairwise_f']
                 for threshold in (.45, .5, .55, .6, .65, .7))
    vote = max(partition_scores(propagate(vote_pairs(graphs[0], graphs[1:], threshold, 2), 1500), items.labels)['pairwise_f']
               for threshold in (.3, .4, .45, .5, .55, .6))
    assert vote > single + .02


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match='hard=2 must be 1 or less'):
        Identities(5, 2, hard=2)
