"""Recall of proposals by hand."""

import numpy as np
import pytest

from mmwsl.evaluation.functional import average_recall, best_overlaps, proposal_recall

# IoU of the first image's proposals with its objects: 1/2 and 0; 0 and 1/4; 1 and 0
PROPOSALS = [np.array([[0, 0, 10, 5], [20, 0, 25, 5], [0, 0, 10, 10]], float), np.zeros((0, 4))]
TRUTHS = [np.array([[0, 0, 10, 10], [20, 0, 30, 10]], float), np.array([[1, 1, 5, 5]], float)]


def test_recall_by_hand():
    assert best_overlaps(PROPOSALS, TRUTHS, [1, 2, 3]).tolist() == [[0.5, 0, 0], [0.5, 0.25, 0], [1, 0.25, 0]]
    found = proposal_recall(PROPOSALS, TRUTHS, [1, 2, 3], [0.25, 0.5, 0.7])
    np.testing.assert_allclose(found, [[1 / 3, 1 / 3, 0], [2 / 3, 1 / 3, 0], [2 / 3, 1 / 3, 1 / 3]])
    # of ten IoUs the first proposal reaches only 0.5, the third all
    np.testing.assert_allclose(average_recall(PROPOSALS, TRUTHS, [1, 3]), [1 / 30, 1 / 3])


def test_without_objects():
    assert np.isnan(proposal_recall(PROPOSALS[:1], [np.zeros((0, 4))], [10], [0.5])).all()
    assert np.isnan(average_recall([], [], [10])).all()


def test_what_does_not_fit():
    with pytest.raises(ValueError, match='2 images with proposals, 1 with objects'):
        proposal_recall(PROPOSALS, TRUTHS[:1])
    with pytest.raises(ValueError, match=r'counts=\[0\]'):
        proposal_recall(PROPOSALS, TRUTHS, [0])
