"""What a cleaner drops, against loops over clusters."""

import numpy as np
import pytest

from mmwsl.clustering import KEPT, LONELY, MISLABELED, WEAK, Pairs, find_unclean


def test_each_reason():
    partition = np.array([0, 0, 0, 1, -1, 2, 2, 3, 3, 3])
    labels = np.array([5, 5, 6, 7, 8, 1, 2, -1, 3, 3])
    pairs = Pairs(np.array([0, 0, 1, 5, 7]), np.array([1, 2, 2, 6, 9]), np.array([.9, .5, .5, .9, .9]))
    assert find_unclean(partition).tolist() == [0, 0, 0, LONELY, LONELY, 0, 0, 0, 0, 0]
    # of two items in a cluster none outvotes the other
    assert find_unclean(partition, labels).tolist() == [0, 0, MISLABELED, LONELY, LONELY, 0, 0, KEPT, 0, 0]
    # the third is weak before it is mislabeled; an item without a pair in its cluster has no mean
    assert find_unclean(partition, labels, pairs, min_score=.6).tolist() == [0, 0, WEAK, LONELY, LONELY, 0, 0, 0, 0, 0]
    assert find_unclean(partition, min_size=3).tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]


def test_votes_equal_a_loop():
    rng = np.random.default_rng(0)
    for _ in range(20):
        partition, labels = rng.integers(-1, 6, 50), rng.integers(-1, 4, 50)
        for number, reason in enumerate(find_unclean(partition, labels, min_size=0)):
            if partition[number] < 0:
                assert reason == LONELY
                continue
            votes = labels[(partition == partition[number]) & (labels >= 0)].tolist()
            major = [name for name in set(votes) if 2 * votes.count(name) > len(votes)]
            assert (reason == MISLABELED) == (labels[number] >= 0 and major not in ([], [labels[number]]))


def test_refusals():
    with pytest.raises(ValueError, match='3 labels for 2 items'):
        find_unclean(np.zeros(2, int), np.zeros(3, int))
    with pytest.raises(ValueError, match='not given'):
        find_unclean(np.zeros(2, int), min_score=.5)
    assert find_unclean(np.zeros(0, int), np.zeros(0, int)).tolist() == []
