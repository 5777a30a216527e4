"""Segments and their average precision by hand."""

import itertools

import numpy as np
import pytest

from mmwsl.evaluation.functional.temporal import segment_overlap, segments_from_scores, temporal_average_precision


def test_segments_by_hand():
    segments, scores = segments_from_scores([0.0, 0.6, 1.0, 0.5, 0.8, 0.1, 0.9], threshold=0.5)
    assert segments.tolist() == [[1, 3], [4, 5], [6, 7]]  # 0.5 is not above half of 1
    assert scores.tolist() == pytest.approx([0.8, 0.8, 0.9])
    assert segments_from_scores([-1.0, -2.0])[0].shape == (0, 2)  # nothing speaks for it
    assert segments_from_scores([3.0])[0].tolist() == [[0, 1]]
    for wrong in ([], [np.nan], [[1.0]]):
        with pytest.raises(ValueError, match='a temporal map must be'):
            segments_from_scores(wrong)


def test_overlap_by_hand():
    assert segment_overlap([(0, 10)], [(5, 15), (0, 10), (10, 12), (2, 4)]).tolist() == [[5 / 15, 1, 0, 0.2]]


def test_precision_by_hand():
    truths = [('a', 0, 10), ('a', 20, 30), ('b', 5, 9)]
    detections = [('a', 0, 10, 0.9), ('a', 1, 10, 0.8), ('c', 0, 9, 0.7), ('b', 5, 9, 0.6), ('a', 20, 25, 0.5)]
    # right; again; no such video; right; overlaps by exactly one half, which is not above it
    assert temporal_average_precision(detections, truths, 0.5) == pytest.approx((1 + 2 / 4) / 3)
    assert temporal_average_precision(detections, truths, 0.4) == pytest.approx((1 + 2 / 4 + 3 / 5) / 3)
    assert temporal_average_precision([], truths) == 0
    assert np.isnan(temporal_average_precision(detections, []))


def test_equal_scores_are_one_threshold():
    """In whatever order they come: two of three are right; in their order it would be 5/6, or 7/12, or 1."""
    truths = [('a', 0, 10), ('b', 5, 9)]
    detections = [('a', 0, 10, 0.5), ('c', 0, 9, 0.5), ('b', 5, 9, 0.5)]
    for order in itertools.permutations(detections):
        assert temporal_average_precision(order, truths) == pytest.approx(2 / 3)
    # a better one before them: 1 for it, then 3 of 5
    more = [('a', 20, 30, 0.9), *detections, ('a', 0, 10, 0.5)]
    for order in itertools.permutations(more):
        assert temporal_average_precision(order, [*truths, ('a', 20, 30)]) == pytest.approx((1 + 2 * 3 / 5) / 3)


def test_each_detection_takes_the_free_segment_it_fits_best():
    truths = [('a', 0, 10), ('a', 4, 14)]
    assert temporal_average_precision([('a', 3, 13, 0.9), ('a', 2, 12, 0.8)], truths, 0.3) == 1
