"""Proposals in the order in which a network's boxes confirm them, against values by hand."""

import numpy as np
import pytest

from mmwsl.ops.proposals import rerank

BOXES = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [20, 0, 30, 10], [0, 0, 10, 20], [70, 0, 80, 10]], np.float32)
FOUND = np.array([[0, 0, 10, 20], [20, 0, 30, 10]], np.float32)


def test_values_and_order():
    boxes, scores = rerank(BOXES, FOUND, np.array([0.8, 0.6]))
    np.testing.assert_allclose(scores, [0.8, 0.6, 0.4, 0, 0], rtol=1e-6)  # IoU 1, 1 and 1/2
    np.testing.assert_array_equal(boxes, BOXES[[3, 2, 0, 1, 4]])  # the two that nothing confirms in their own order
    assert boxes.dtype == scores.dtype == np.float32


def test_only_the_best_of_the_network_count_and_the_first_stay():
    boxes, scores = rerank(BOXES, FOUND, np.array([0.5, 0.9]), top=1, max_boxes=2)
    np.testing.assert_array_equal(boxes, BOXES[[2, 0]])
    np.testing.assert_allclose(scores, [0.9, 0], rtol=1e-6)
    boxes, scores = rerank(BOXES, FOUND, np.array([0.5, 0.9]))
    np.testing.assert_allclose(scores, [0.9, 0.5, 0.25, 0, 0], rtol=1e-6)


def test_a_network_that_finds_nothing_changes_nothing():
    boxes, scores = rerank(BOXES, np.zeros((0, 4)), np.zeros(0))
    np.testing.assert_array_equal(boxes, BOXES)
    assert scores.tolist() == [0] * 5
    assert rerank(np.zeros((0, 4)), FOUND, np.ones(2))[0].shape == (0, 4)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r'got \(5, 4\), \(2, 4\) and \(3,\)'):
        rerank(BOXES, FOUND, np.ones(3))
    with pytest.raises(ValueError, match='top=0 and max_boxes=None must be 1 or more'):
        rerank(BOXES, FOUND, np.ones(2), top=0)
