"""Mean shift of many items at a time is that of scikit-learn, item by item."""

import numpy as np
import pytest
from sklearn.cluster import MeanShift

from mmwsl.clustering import METHODS, partition_scores

mean_shift = METHODS['mean_shift']


@pytest.mark.parametrize('seed, bandwidth', [(0, .3), (1, .6), (2, .9), (3, 3.)])
def test_the_same_partition_as_item_by_item(seed, bandwidth, monkeypatch):
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((5, 6))
    rows = (centers[rng.integers(5, size=60)] + .4 * rng.standard_normal((60, 6))).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    expected = MeanShift(bandwidth=bandwidth).fit_predict(rows)
    found = mean_shift(rows, bandwidth)
    assert len(set(found)) == len(set(expected)) and partition_scores(found, expected)['pairwise_f'] == 1
    monkeypatch.setattr('mmwsl.clustering.feature_methods.AT_ONCE', 100)
    np.testing.assert_array_equal(found, mean_shift(rows, bandwidth))


def test_equal_rows_zeros_and_one_row():
    rows = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    assert mean_shift(rows, .5).tolist() == [0, 0, 1, 2]
    assert mean_shift(rows[:1], .5).tolist() == [0]
    with pytest.raises(ValueError, match='bandwidth=0 is no radius'):
        mean_shift(rows, 0)
