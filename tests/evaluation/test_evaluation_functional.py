import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from mmwsl.evaluation.functional import average_precision, mean_average_precision, topk_accuracy


def slow_average_precision(scores, labels, mode):
    """Max-interpolated precision at every recall asked for, one threshold at a time."""
    pairs = [(s, y) for s, y in zip(scores, labels, strict=True) if y != -1]
    total = sum(y == 1 for _, y in pairs)
    curve = []
    for threshold in {s for s, _ in pairs}:
        kept = [y for s, y in pairs if s >= threshold]
        curve.append((kept.count(1), kept.count(1) / len(kept)))
    if mode == '11_points':
        return sum(max(p for h, p in curve if 10 * h >= t * total) for t in range(11)) / 11
    return sum(max(p for h, p in curve if h >= n) for n in range(1, total + 1)) / total


def test_topk_by_hand():
    scores = torch.tensor([[.1, .7, .2], [.5, .3, .2], [.3, .3, .4], [.0, .9, .1]])
    labels = torch.tensor([1, 1, 0, 0])
    # ranks of the true classes: 1, 2, 2 (ties with class 1, the lower number first), 3
    assert topk_accuracy(scores, labels, (1, 2, 3, 5)) == {1: .25, 2: .75, 3: 1.0, 5: 1.0}


def test_topk_ties_follow_a_stable_sort():
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 4, (200, 7)).astype(float), rng.integers(0, 7, 200)
    order = np.argsort(-scores, axis=1, kind='stable')
    for k, value in topk_accuracy(scores, labels, (1, 2, 3, 5)).items():
        assert value == pytest.approx(np.mean([y in row[:k] for y, row in zip(labels, order, strict=True)]))


def test_topk_takes_minus_infinity_for_a_class_nobody_learnt():
    scores = torch.tensor([[float('-inf'), 0., 1.], [float('-inf'), 2., 1.]])
    assert topk_accuracy(scores, torch.tensor([2, 2]), (1, 2)) == {1: .5, 2: 1.0}


@pytest.mark.parametrize('scores, labels, topk, message', [
    ([[.1, .2], [float('nan'), 1.]], [0, 1], (1, ), '1 of 2 rows of scores hold NaN, first row 1'),
    ([[.1, .2]], [2], (1, ), 'labels run from 2 to 2'),
    ([[.1, .2]], [-1], (1, ), 'labels run from -1'),
    ([[.1, .2]], [0, 1], (1, ), r'got \(1, 2\) and \(2,\)'),
    (np.zeros((0, 3)), [], (1, ), 'with N, C >= 1'),
    ([[.1, .2]], [0], (0, 1), 'every k must be at least 1'),
])
def test_topk_refuses(scores, labels, topk, message):
    with pytest.raises(ValueError, match=message):
        topk_accuracy(scores, labels, topk)


def test_average_precision_by_hand():
    scores, labels = [.9, .8, .7, .6, .5], [1, 0, 1, 1, 0]
    # precision at the hits 1, 2/3, 3/4; interpolated 1, 3/4, 3/4; recall 1/3, 2/3, 1
    assert average_precision(scores, labels) == pytest.approx(2.5 / 3)
    assert average_precision(scores, labels, '11_points') == pytest.approx((4 * 1 + 7 * .75) / 11)
    assert average_precision(scores, [1, -1, 1, 1, 0]) == 1.0  # without the ignored one no miss is before a hit


@pytest.mark.parametrize('mode', ['all_points', '11_points'])
def test_equal_scores_are_one_threshold_as_in_scikit_learn(mode):
    """Ten balanced classes, sorted: scores that are all equal rank nothing, whatever the order of the images."""
    labels = np.eye(10)[np.repeat(np.arange(10), 5)]
    mean, values = mean_average_precision(np.zeros((50, 10)), labels, mode)
    assert mean == pytest.approx(.1) and values == pytest.approx(np.full(10, .1))
    assert average_precision(np.zeros(50), labels[:, 0]) == average_precision_score(labels[:, 0], np.zeros(50))
    assert average_precision(np.full(50, -np.inf), labels[:, 0], mode) == pytest.approx(.1)  # a class nobody learnt
    # the first of two thresholds holds one hit and one miss, the second all four
    assert average_precision([2, 2, 1, 1], [1, 0, 1, 0], mode) == .5


def test_ties_in_order_follow_the_list():
    assert average_precision([1, 1, 1, 1], [1, 0, 1, 0], ties='in_order') == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([1, 1, 1, 1], [0, 0, 1, 1], ties='in_order') == pytest.approx(.5)
    with pytest.raises(ValueError, match="ties='random' is unknown; choose one of together, in_order"):
        average_precision([1], [1], ties='random')


def test_eleven_points_reach_a_recall_of_exactly_three_tenths():
    labels = [1] * 3 + [0] * 7 + [1] * 7
    assert average_precision(-np.arange(17), labels, '11_points') == pytest.approx((4 + 7 * 10 / 17) / 11)


@pytest.mark.parametrize('mode', ['all_points', '11_points'])
def test_average_precision_equals_a_loop(mode):
    rng = np.random.default_rng(1)
    for size in (3, 20, 101):
        for _ in range(20):
            scores = np.round(rng.normal(size=size), 1)  # rounded: many ties
            labels = rng.choice([1, 0, 0, -1], size)
            labels[rng.integers(size)] = 1
            assert average_precision(scores, labels, mode) == pytest.approx(
                slow_average_precision(scores, labels, mode), abs=1e-12)


def test_average_precision_ranks_only():
    rng = np.random.default_rng(2)
    scores, labels = rng.normal(size=50), rng.integers(0, 2, 50)
    value = average_precision(scores, labels)
    assert average_precision(3 * scores + 7, labels) == value
    order = rng.permutation(50)
    assert average_precision(scores[order], labels[order]) == pytest.approx(value, abs=1e-15)


def test_class_without_positives_is_left_out_of_the_mean():
    scores = np.array([[.9, .1, .3], [.2, .8, .5], [.4, .3, .9]])
    labels = np.array([[1, 0, 0], [0, 1, 0], [0, 1, -1]])
    assert math.isnan(average_precision(scores[:, 2], labels[:, 2]))
    mean, values = mean_average_precision(scores, labels)
    assert mean == 1.0 and values[:2].tolist() == [1.0, 1.0] and math.isnan(values[2])
    with pytest.raises(ValueError, match='no class has a positive'):
        mean_average_precision(scores, np.zeros((3, 3)))


@pytest.mark.parametrize('scores, labels, mode, message', [
    ([.1, float('nan')], [0, 1], 'all_points', '1 of 2 scores are NaN, first at 1'),
    ([.1, .2], [0, 2], 'all_points', r'got \[2\]'),
    ([.1, .2], [0, 1, 1], 'all_points', r'got \(2,\) and \(3,\)'),
    ([.1, .2], [0, 1], 'voc07', "mode='voc07' is unknown"),
])
def test_average_precision_refuses(scores, labels, mode, message):
    with pytest.raises(ValueError, match=message):
        average_precision(scores, labels, mode)
