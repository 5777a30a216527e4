"""New items beside clusters that stand."""

import numpy as np
import pytest

from mmwsl.clustering import KNNGraph, extend_partition


def graph(*rows):
    """Neighbors of new items as dicts of number to similarity."""
    k = max(len(row) for row in rows)
    ids, values = np.full((len(rows), k), -1), np.full((len(rows), k), -1, np.float32)
    for number, row in enumerate(rows):
        ids[number, :len(row)] = list(row)
        values[number, :len(row)] = list(row.values())
    return KNNGraph(ids, values)


OLD = np.array([0, 0, 1, 1, 1, -1])  # new items have the numbers 6, 7, ...


def test_new_items_join_the_nearest_cluster_or_each_other():
    found = extend_partition(OLD, graph({0: .9, 2: .8}, {8: .7, 5: .6}, {7: .7}, {6: .75}, {3: .4}), .5)
    # 6 joins 0; 7 and 8 make a cluster of their own; 9 joins 6 and so 0; 10 is too far from all
    assert found.tolist() == [0, 2, 2, 0, -1]


def test_two_old_clusters_never_become_one():
    assert extend_partition(OLD, graph({1: .8, 2: .9}, {0: .85, 6: .95}), .5).tolist() == [1, 1]


def test_a_cluster_that_is_full_takes_nobody():
    near = graph({2: .9, 1: .6}, {3: .8, 0: .7}, {4: .7})
    assert extend_partition(OLD, near, .5, max_size=4).tolist() == [1, 0, -1]
    assert extend_partition(OLD, near, .5, max_size=2).tolist() == [-1, -1, -1]  # both were larger, or full, before
    assert extend_partition(OLD, near, .5).tolist() == [1, 1, 1]


def test_unassigned_items_and_absent_neighbors_are_nobodys():
    assert extend_partition(OLD, graph({5: .9}, {}), .5).tolist() == [-1, -1]
    assert extend_partition(np.zeros(0, int), graph({1: .9}, {0: .9}), .5).tolist() == [0, 0]
    assert extend_partition(OLD, KNNGraph(np.zeros((0, 3), int), np.zeros((0, 3))), .5).tolist() == []


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match='6 old and 1 new items are numbered 0 to 6'):
        extend_partition(OLD, graph({7: .9}), .5)
    with pytest.raises(ValueError, match='max_size=0'):
        extend_partition(OLD, graph({0: .9}), .5, max_size=0)
