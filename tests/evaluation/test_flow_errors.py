"""End-point error, outliers and direction of flow, by hand."""

import numpy as np
import pytest

from mmwsl.evaluation.functional import direction_cosine, end_point_error, flow_outliers

TRUE = np.array([[3., 4.], [100., 0.], [0., 0.], [np.nan, 0.]])
FOUND = np.array([[0., 0.], [104., 0.], [0., 1.], [9., 9.]])


def test_values():
    assert end_point_error(FOUND, TRUE) == pytest.approx((5 + 4 + 1) / 3)
    assert flow_outliers(FOUND, TRUE) == pytest.approx(1 / 3)  # 4 pixels of 100 are within 5 %
    assert direction_cosine(FOUND, TRUE) == pytest.approx((0 + 1) / 2)  # the still pixel has no direction
    assert direction_cosine(-TRUE, TRUE) == pytest.approx(-1)


def test_only_the_asked_pixels_count():
    assert end_point_error(FOUND, TRUE, [True, False, False, True]) == 5


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match='no pixel counts'):
        end_point_error(FOUND, TRUE, [False, False, False, True])
    with pytest.raises(ValueError, match='none moves by 0.5'):
        direction_cosine(FOUND[2:3], TRUE[2:3])
    with pytest.raises(ValueError, match='one shape'):
        end_point_error(FOUND[:2], TRUE)
