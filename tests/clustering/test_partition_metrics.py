"""Metrics of partitions against definitions over items and pairs of items."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from mmwsl.clustering import Contingency, partition_scores, partition_sizes
from mmwsl.clustering import partition_metrics as module


def by_definition(pred, target, singletons):
    """The same values, item by item and pair by pair."""
    known = [(cluster, label) for cluster, label in zip(pred.tolist(), target.tolist(), strict=True) if label >= 0]
    sizes = {cluster: sum(other == cluster for other, _ in known) for cluster, _ in known}
    items = []
    for number, (cluster, label) in enumerate(known):
        alone = cluster < 0 or sizes[cluster] == 1
        if not (alone and singletons == 'removed'):
            items.append((('own', number) if cluster < 0 else cluster, label))
    pairs = list(itertools.combinations(items, 2))
    both = sum(a == b for a, b in pairs)
    in_cluster, in_class = sum(a[0] == b[0] for a, b in pairs), sum(a[1] == b[1] for a, b in pairs)
    precision, recall = both / in_cluster if in_cluster else 0, both / in_class if in_class else 0
    bcubed_precision = np.mean([np.mean([b[1] == a[1] for b in items if b[0] == a[0]]) for a in items])
    bcubed_recall = np.mean([np.mean([b[0] == a[0] for b in items if b[1] == a[1]]) for a in items])
    clusters = {name: number for number, name in enumerate(dict.fromkeys(cluster for cluster, _ in items))}
    nmi = normalized_mutual_info_score([label for _, label in items], [clusters[cluster] for cluster, _ in items],
                                       average_method='arithmetic')

    def f(p, r):
        return 2 * p * r / (p + r) if p + r else 0
    return dict(pairwise_precision=precision, pairwise_recall=recall, pairwise_f=f(precision, recall),
                bcubed_precision=bcubed_precision, bcubed_recall=bcubed_recall,
                bcubed_f=f(bcubed_precision, bcubed_recall), nmi=nmi, items=len(items))


@pytest.mark.parametrize('singletons', ['kept', 'removed'])
@pytest.mark.parametrize('seed', range(6))
def test_scores_are_those_of_the_definitions(seed, singletons, monkeypatch):
    monkeypatch.setattr(module, 'PENDING', 17)  # several chunks, and several merges
    rng = np.random.default_rng(seed)
    target = rng.integers(-1, 6, 90)
    pred = np.where(rng.random(90) < 0.6, target + 3, rng.integers(-1, 40, 90)).astype(np.int32)
    expected = by_definition(pred, target, singletons)
    assert partition_scores(pred, target, singletons) == pytest.approx(expected, abs=1e-12)
    assert partition_scores(10**12 * (pred >= 0) + pred, target, singletons) == pytest.approx(expected, abs=1e-12)


def test_the_values_of_a_case_worked_out_by_hand():
    # clusters {a a b} {b} and an unassigned b: of 3 pairs in a cluster 1 is right, of 1 + 3 pairs of a class 1 is found
    pred, target = np.array([0, 0, 0, 1, -1]), np.array([0, 0, 1, 1, 1])
    kept = partition_scores(pred, target)
    assert (kept['pairwise_precision'], kept['pairwise_recall']) == pytest.approx((1 / 3, 1 / 4))
    assert kept['bcubed_precision'] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert kept['bcubed_recall'] == pytest.approx((1 + 1 + 3 * 1 / 3) / 5)
    removed = partition_scores(pred, target, 'removed')
    assert removed['items'] == 3 and (removed['pairwise_precision'], removed['pairwise_recall']) == (pytest.approx(1 / 3), 1)


def test_extremes():
    target = np.repeat(np.arange(3), 4)
    same = partition_scores(5 * target, target)
    assert [same[name] for name in ('pairwise_f', 'bcubed_f', 'nmi')] == [1, 1, 1]
    apart = partition_scores(np.arange(12), target)
    assert (apart['pairwise_precision'], apart['pairwise_recall'], apart['pairwise_f']) == (0, 0, 0)
    assert apart['bcubed_precision'] == 1 and apart['bcubed_recall'] == pytest.approx(1 / 4)
    assert partition_scores(np.full(12, -1), target) == apart
    together = partition_scores(np.zeros(12, int), target)
    assert together['pairwise_recall'] == 1 and together['nmi'] == 0
    assert partition_scores(np.zeros(3, int), np.zeros(3, int))['nmi'] == 1
    nothing = partition_scores(np.full(12, -1), target, 'removed')
    assert nothing['items'] == 0 and nothing['pairwise_f'] == 0 and nothing['bcubed_f'] == 0


def test_chunks_add_up():
    rng = np.random.default_rng(0)
    pred, target = rng.integers(-1, 9, 500), rng.integers(0, 5, 500)
    table = Contingency()
    for start in range(0, 500, 70):
        table.add(pred[start:start + 70], target[start:start + 70])
        table.scores()  # looking changes nothing
    assert table.scores() == partition_scores(pred, target)


def test_sizes():
    assert partition_sizes(np.array([4, 4, -1, 4, 9, -1, 7])) == dict(clusters=3, largest=3, singletons=2, unassigned=2)
    assert partition_sizes(np.array([-1])) == dict(clusters=0, largest=0, singletons=0, unassigned=1)


@pytest.mark.parametrize('pred, target, message', [
    (np.zeros(3, int), np.zeros(4, int), 'not of the same items'),
    (np.zeros(3), np.zeros(3, int), 'partition is of type float64'),
    (np.array([0, -2]), np.zeros(2, int), 'number -2'),
])
def test_what_is_no_partition_is_refused(pred, target, message):
    with pytest.raises(ValueError, match=message):
        partition_scores(pred, target)
    with pytest.raises(ValueError, match="'dropped' is unknown"):
        partition_scores(np.zeros(2, int), np.zeros(2, int), 'dropped')
