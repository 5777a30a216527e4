"""Label errors by confident learning, and the paired test."""

import numpy as np
import pytest

from mmwsl.evaluation.functional import label_errors, mcnemar


def test_the_example_by_hand():
    # thresholds: class 0 (.9 + .8 + .2) / 3 = .633, class 1 (.9 + .7) / 2 = .8
    probabilities = np.array([[.9, .1], [.8, .2], [.2, .8], [.1, .9], [.3, .7]])
    photos, suggested, confidence = label_errors(probabilities, np.array([0, 0, 0, 1, 1]))
    assert photos.tolist() == [2] and suggested.tolist() == [1] and confidence == pytest.approx([.6])


def test_planted_errors_are_found_the_surest_first():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 400)
    probabilities = np.full((400, 4), 0.05)
    probabilities[np.arange(400), truth] = rng.uniform(0.6, 1, 400)
    probabilities /= probabilities.sum(1, keepdims=True)
    labels = truth.copy()
    wrong = rng.choice(400, 20, replace=False)
    labels[wrong] = (truth[wrong] + 1) % 4
    photos, suggested, confidence = label_errors(probabilities, labels)
    # half of the wrong ones have less than their true class's mean
    assert set(photos) <= set(wrong) and len(photos) >= 8
    assert (suggested == truth[photos]).all() and (np.diff(confidence) <= 0).all()


def test_photos_without_label_or_probabilities_are_left_alone():
    probabilities = np.array([[.1, .9], [np.nan, np.nan], [.9, .1], [.2, .8]])
    photos, _, _ = label_errors(probabilities, np.array([-1, 0, 0, 1]))
    assert photos.tolist() == []


def test_mcnemar_by_hand():
    first = np.array([True] * 8 + [False] * 1 + [True] * 5 + [False] * 6)
    second = np.array([False] * 8 + [True] * 1 + [True] * 5 + [False] * 6)
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (8, 1) and found.difference == pytest.approx(35)
    assert found.p == pytest.approx(2 * (1 + 9) / 2**9)  # binomial: none or one of nine, both sides


def test_mcnemar_of_equals_and_of_nothing():
    assert mcnemar(np.ones(5, bool), np.ones(5, bool)) == (0., 0, 0, 1.)
    with pytest.raises(ValueError, match='equal rows'):
        mcnemar(np.ones(5, bool), np.ones(4, bool))
    with pytest.raises(ValueError, match='equal rows'):
        mcnemar(np.ones(0, bool), np.ones(0, bool))
