"""CDP on arrays against a plain implementation, node by node with dictionaries and sets."""

import warnings
from collections import defaultdict, deque

import numpy as np
import pytest

from mmwsl.clustering.cdp import by_first_member, components, propagate, vote_pairs
from mmwsl.clustering.diffusion import diffuse
from mmwsl.clustering.knn_graph import KNNGraph, Pairs, graph_pairs, unique_pairs


def search(start, friends, scores, threshold, unvisited):
    """Nodes that hang together with ``start`` by edges of a threshold or more."""
    found, queue = {start}, deque([start])
    while queue:
        node = queue.popleft()
        for other in friends[node]:
            if other in unvisited and other not in found and scores[min(node, other), max(node, other)] >= threshold:
                found.add(other)
                queue.append(other)
    return found


def plain_propagation(pairs, count, max_size, step, max_rounds=100, order=None):
    """Labels of a walk over nodes in some order, and which were final in the first round."""
    friends, scores = defaultdict(set), {}
    for a, b, score in zip(*(each.tolist() for each in pairs), strict=True):
        friends[a].add(b)
        friends[b].add(a)
        scores[a, b] = score
    labels, early, used = np.full(count, -1), np.zeros(count, bool), 0
    remaining = set(friends)
    threshold = min(scores.values(), default=0)
    for number in range(max_rounds):
        left, unvisited = set(), set(remaining)
        for node in (order if order is not None else range(count)):
            if node not in unvisited:
                continue
            group = search(node, friends, scores, threshold, unvisited)
            unvisited -= group
            if len(group) <= max_size:
                labels[list(group)], used = used, used + 1
                early[list(group)] = number == 0
            else:
                left |= group
        remaining, threshold = left, threshold + (1 - threshold) * step
    labels[list(remaining)] = used
    return labels, early


def random_pairs(rng, count, edges):
    a, b = rng.integers(0, count, (2, edges))
    different = a != b
    return unique_pairs(a[different], b[different], rng.choice([rng.random(edges), rng.integers(0, 5, edges) / 5])[different],
                        count)


def test_the_same_partition_as_node_by_node_on_many_graphs():
    rng, sizes = np.random.default_rng(0), []
    for number in range(200):
        count = int(rng.integers(2, 40))
        pairs, max_size, step = random_pairs(rng, count, int(rng.integers(0, 80))), int(rng.integers(1, 9)), rng.choice([.05, .3])
        expected = plain_propagation(pairs, count, max_size, step, order=rng.permutation(count))[0]
        np.testing.assert_array_equal(propagate(pairs, count, max_size, step), by_first_member(expected), f'graph {number}')
        sizes.append(expected.max() + 1)
        for rounds, leftover in ((3, 'together'), (2, 'components'), (100, 'together')):
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                by_engine = propagate(pairs, count, max_size, step, rounds, leftover, components)
                by_levels = propagate(pairs, count, max_size, step, rounds, leftover)
            np.testing.assert_array_equal(by_levels, by_engine, f'graph {number}, {rounds} rounds, {leftover}')
    assert len(set(sizes)) > 10  # not all the same, and not all trivial


def test_scores_that_rounding_lifts_above_1():
    pairs = Pairs(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([1 + 1e-7, 1 + 2e-7, .5]))
    assert propagate(pairs, 4, 3).tolist() == [0, 0, 0, 1]
    assert propagate(Pairs(*(each[:2] for each in pairs)), 4, 3).tolist() == [0, 0, 0, -1]


def test_names_and_order_of_nodes_do_not_count():
    rng = np.random.default_rng(1)
    pairs, names = random_pairs(rng, 60, 150), rng.permutation(60)
    shuffled = rng.permutation(len(pairs.source))
    other = unique_pairs(names[pairs.target[shuffled]], names[pairs.source[shuffled]], pairs.scores[shuffled], 60)
    np.testing.assert_array_equal(by_first_member(propagate(other, 60, 5)[names]), propagate(pairs, 60, 5))


def two_groups(bridge):
    """Two chains of four nodes with scores of .9, an edge between them, and a node in no pair."""
    source = np.array([0, 1, 2, 3, 4, 5, 6])
    return Pairs(source, source + 1, np.array([.9, .9, .9, bridge, .9, .9, .9]))


def test_a_weak_edge_is_undone_only_where_the_union_is_too_large():
    assert propagate(two_groups(.5), 9, max_size=8).tolist() == [0] * 8 + [-1]
    assert propagate(two_groups(.5), 9, max_size=7).tolist() == [0] * 4 + [1] * 4 + [-1]
    # .5 .525 .549: the bridge of .53 falls in the third round, not before
    pairs = Pairs(np.append(two_groups(.53).source, 7), np.append(two_groups(.53).target, 8),
                  np.append(two_groups(.53).scores, .5))
    with pytest.warns(UserWarning, match='8 items still hang together .* 2 rounds'):
        assert propagate(pairs, 9, 7, max_rounds=1 + 1).tolist() == [0] * 8 + [1]
    assert propagate(pairs, 9, 7, max_rounds=3).tolist() == [0] * 4 + [1] * 4 + [2]


def test_duplicates_end_as_one_cluster_or_as_components():
    pairs = Pairs(np.array([0, 1, 3, 4]), np.array([1, 2, 4, 5]), np.ones(4))
    with pytest.warns(UserWarning, match='6 items .* They become one cluster'):
        assert propagate(pairs, 6, 2).tolist() == [0] * 6
    with pytest.warns(UserWarning, match='a cluster for each component'):
        assert propagate(pairs, 6, 2, leftover='components').tolist() == [0, 0, 0, 1, 1, 1]
    assert propagate(Pairs(*np.zeros((2, 0), int), np.zeros(0)), 3).tolist() == [-1, -1, -1]


def test_components_can_come_from_another_engine():
    calls = []

    def engine(source, target, count):
        calls.append(count)
        return components(source, target, count)[::1]
    assert propagate(two_groups(.5), 9, 7, find_components=engine).max() == 1
    assert calls == [8, 8]


@pytest.mark.parametrize('change, message', [
    (dict(max_size=0), 'max_size=0'), (dict(step=1), 'step=1'), (dict(leftover='apart'), "'apart' one of together"),
])
def test_settings_are_checked(change, message):
    with pytest.raises(ValueError, match=message):
        propagate(two_groups(.5), 9, **change)


@pytest.mark.parametrize('pairs, message', [
    (Pairs(np.array([0]), np.array([1]), np.array([np.nan])), 'highest score of the pairs is nan'),
    (Pairs(np.array([0]), np.array([1]), np.array([2.])), 'highest score of the pairs is 2'),
    (Pairs(np.array([1]), np.array([0]), np.array([.5])), 'lower one as the source'),
    (Pairs(np.array([1, 0]), np.array([2, 1]), np.array([.5, .5])), 'ascending'),
    (Pairs(np.array([0]), np.array([9]), np.array([.5])), 'different items 0 to 8'),
])
def test_pairs_are_checked(pairs, message):
    with pytest.raises(ValueError, match=message):
        propagate(pairs, 9)


def random_graph(rng, count, k):
    ids = np.stack([rng.permutation(np.delete(np.arange(count), row))[:k] for row in range(count)])
    graph = KNNGraph(ids, -np.sort(-rng.random((count, k)).astype(np.float32)))
    graph.ids[0, -1] = -1
    return graph


def test_votes_are_those_of_sets():
    rng = np.random.default_rng(2)
    base, *committee = (random_graph(rng, 30, 8) for _ in range(4))
    for accept in range(4):
        pairs = vote_pairs(base, committee, .3, accept)
        expected = {}
        for i in range(30):
            for j, similarity in zip(base.ids[i].tolist(), base.similarities[i].tolist(), strict=True):
                votes = sum(j in set(member.ids[i].tolist()) for member in committee)
                if j >= 0 and similarity > .3 and votes >= accept:
                    key = (min(i, j), max(i, j))
                    if key not in expected or i < j:
                        expected[key] = similarity
        assert dict(zip(zip(pairs.source.tolist(), pairs.target.tolist(), strict=True), pairs.scores.tolist(), strict=True)) \
            == expected
    single, whole = vote_pairs(base, [], .3, 0), graph_pairs(base, .3, strict=True)
    assert all(np.array_equal(a, b) for a, b in zip(single, whole, strict=True))


def test_a_vote_that_cannot_be_is_refused():
    graph = random_graph(np.random.default_rng(0), 6, 2)
    with pytest.raises(ValueError, match='accept=2 votes of a committee of 1'):
        vote_pairs(graph, [graph], .5, 2)
    with pytest.raises(ValueError, match='member 0 has a graph of 3 items'):
        vote_pairs(graph, [KNNGraph(graph.ids[:3], graph.similarities[:3])], .5, 1)


def plain_diffusion(pairs, count, max_size, depth, decay, min_weight):
    labels, early = plain_propagation(pairs, count, max_size, .05)
    labels = by_first_member(labels)
    friends = defaultdict(dict)
    for a, b, score in zip(*(each.tolist() for each in pairs), strict=True):
        friends[a][b] = friends[b][a] = score
    result = {}
    for node in np.flatnonzero(labels >= 0).tolist():
        if early[node]:
            result[node] = {labels[node]: 1.0}
            continue
        reached, front = {node: 1.0}, {node: 1.0}
        for _ in range(depth):
            ahead = defaultdict(float)
            for near, weight in front.items():
                for far, score in friends[near].items():
                    if far not in reached:
                        ahead[far] += decay * weight * score
            reached.update(ahead)
            front = ahead
        weights = defaultdict(float)
        for other, weight in reached.items():
            weights[labels[other]] += weight
        total, best = sum(weights.values()), max(weights.values())
        weights = {label: weight for label, weight in weights.items() if weight >= min_weight * total or weight == best}
        result[node] = {label: weight / sum(weights.values()) for label, weight in weights.items()}
    return result


def test_diffusion_is_that_of_a_search_from_each_node(monkeypatch):
    from mmwsl.clustering import diffusion
    monkeypatch.setattr(diffusion, 'AT_ONCE', 7)
    rng, several = np.random.default_rng(3), 0
    for _ in range(20):
        count = int(rng.integers(5, 40))
        pairs, max_size = random_pairs(rng, count, int(rng.integers(1, 70))), int(rng.integers(1, 8))
        pairs = Pairs(pairs.source, pairs.target, np.clip(pairs.scores, .01, .9))
        expected = plain_diffusion(pairs, count, max_size, 5, .6, .1)
        found = diffuse(pairs, count, max_size)
        result = defaultdict(dict)
        for node, label, weight in zip(*(each.tolist() for each in found), strict=True):
            result[node][label] = weight
        assert result.keys() == expected.keys()
        for node, weights in expected.items():
            assert result[node] == pytest.approx(weights)
        several += sum(len(weights) > 1 for weights in expected.values())
    assert several > 20


def test_diffusion_gives_the_node_between_two_groups_both_labels():
    source, target = np.array([0, 0, 1, 2, 3, 3, 4]), np.array([1, 2, 2, 3, 4, 5, 5])
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        found = diffuse(Pairs(source, target, np.array([.9, .9, .9, .6, .9, .9, .9])), 7, max_size=3)
    assert found.nodes[found.labels == 0].tolist() == [0, 1, 2, 3, 4, 5] and set(found.nodes[found.labels == 1]) >= {2, 3}
    np.testing.assert_allclose(np.bincount(found.nodes, found.weights), np.ones(6))
    with pytest.raises(ValueError, match='0 or more, the lowest is -0.5'):
        diffuse(Pairs(np.array([0, 1]), np.array([1, 2]), np.array([.5, -.5])), 3, max_size=1)
