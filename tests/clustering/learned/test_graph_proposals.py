"""Proposals in one structure, their targets, and the partition that overlapping ones become."""

import numpy as np

from mmwsl.clustering import exact_graph, graph_pairs, propagate
from mmwsl.clustering.knn_graph import KNNGraph
from mmwsl.clustering.learned import Proposals, proposal_targets, propose, propose_joined, resolve_overlaps, unite
from mmwsl.clustering.learned.proposals import groups_of


def people(count=300, classes=12, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    return (rng.normal(size=(classes, 16))[labels] + .8 * rng.normal(size=(count, 16))).astype(np.float32), labels


def as_sets(proposals):
    return [tuple(proposals.of(number)) for number in range(len(proposals.sizes))]


def test_groups():
    groups = groups_of(np.array([1, 0, 1, -1, 2, 2, 2]), (2, 2))
    assert as_sets(groups) == [(0, 2)] and groups.owners.tolist() == [0, 0]
    assert as_sets(groups_of(np.full(3, -1), (1, 9))) == []


def test_proposals_are_the_clusters_of_each_setting():
    features, _ = people()
    graph, settings = exact_graph(features, 12), [(12, .5), (6, .7), (12, .5)]
    wanted = []
    for k, threshold in settings:
        labels = propagate(graph_pairs(KNNGraph(graph.ids[:, :k], graph.similarities[:, :k]), threshold), 300, 40, .05, leftover='components')
        clusters = [tuple(np.flatnonzero(labels == number)) for number in range(labels.max() + 1)]
        wanted += [each for each in clusters if 3 <= len(each) <= 40 and each not in wanted]
    assert as_sets(propose(graph, settings, max_size=40)) == wanted


def test_joined_proposals_are_unions_of_clusters():
    features, labels = people()
    parts = labels + 12 * (np.arange(300) % 2)  # every class in two halves, whose means are near
    proposals = propose_joined(features, parts, [(2, 8), (1, 2)], threshold=.9)
    assert {tuple(np.flatnonzero(labels == number)) for number in range(12)} <= set(as_sets(proposals))
    for members in as_sets(proposals):
        assert all(set(np.flatnonzero(parts == number)) <= set(members) for number in set(parts[list(members)]))
    assert as_sets(propose_joined(features, np.zeros(300, int), [(2, 8)])) == []


def test_targets_equal_sets():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 40)
    proposals = unite([groups_of(rng.integers(0, 6, 40), (1, 40)) for _ in range(3)])
    union, purity = proposal_targets(proposals, labels)
    for number, members in enumerate(as_sets(proposals)):
        counts = np.bincount(labels[list(members)])
        of_class = set(np.flatnonzero(labels == counts.argmax()))
        assert np.isclose(union[number], len(of_class & {*members}) / len(of_class | {*members}))
        assert np.isclose(purity[number], counts.max() / len(members))


def slow_overlaps(proposals, scores, count, kept):
    labels, used = np.full(count, -1), 0
    order = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
    for wanted in (True, False):
        for number in order:
            entries = range(proposals.starts[number], proposals.starts[number + 1])
            own = [proposals.members[e] for e in entries if kept[e] == wanted and labels[proposals.members[e]] < 0]
            labels[own], used = used, used + 1
    return labels


def test_overlaps_equal_the_visit_by_rank():
    rng = np.random.default_rng(1)
    for _ in range(20):
        proposals = unite([groups_of(rng.integers(-1, 8, 50), (1, 50)) for _ in range(4)])
        scores, kept = np.round(rng.random(len(proposals.sizes)), 1), rng.random(len(proposals.members)) < .8
        for mask in (kept, np.ones_like(kept)):
            found = resolve_overlaps(proposals, scores, 50, None if mask.all() else mask)
            wanted = slow_overlaps(proposals, scores, 50, mask)
            np.testing.assert_array_equal(found < 0, wanted < 0)
            there = found >= 0
            pairs = set(zip(found[there], wanted[there], strict=True))
            assert len(pairs) == len(set(found[there])) == len(set(wanted[there], strict=True))


def test_no_proposals():
    none = unite([])
    assert none.starts.tolist() == [0] and isinstance(none, Proposals)
    assert resolve_overlaps(none, np.zeros(0), 3).tolist() == [-1, -1, -1]
