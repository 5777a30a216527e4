"""Orders by hand, and against slow versions that look at every pixel."""

import numpy as np
import pytest

from mmwsl.ops.occlusion import (
    ancestors,
    area_order,
    distant_order,
    gain_order,
    hull_order,
    hulls,
    in_contact,
    occluders,
    overlap_order,
    y_axis_order,
)


def rectangles(*boxes, height=12, width=16):
    masks = np.zeros((len(boxes), height, width), dtype=bool)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        mask[y1:y2, x1:x2] = True
    return masks


def random_masks(seed, count=7, height=24, width=30, visible=False):
    """Rectangles, some at the border, one empty; with ``visible`` cut by those that come later in the list."""
    rng = np.random.default_rng(seed)
    amodal = np.zeros((count, height, width), dtype=bool)
    for mask in amodal[1:]:
        x1, y1 = rng.integers(0, width - 3), rng.integers(0, height - 3)
        mask[y1:y1 + rng.integers(3, 12), x1:x1 + rng.integers(3, 12)] = True
    modal = amodal.copy()
    for index in range(count):
        modal[index] &= ~amodal[index + 1:].any(0)
    return modal, amodal


def slow_contact(masks, gap):
    found = np.zeros((len(masks), len(masks)), dtype=bool)
    for i, first in enumerate(masks):
        for j, second in enumerate(masks):
            for y, x in np.argwhere(first):
                for v, u in np.argwhere(second):
                    found[i, j] |= i != j and max(abs(y - v), abs(x - u)) <= 2 * gap
    return found


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('gap', [1, 2])
def test_contact_is_that_of_every_pair_of_pixels(seed, gap):
    """Two dilated masks share a pixel where two pixels are at most two gaps apart, unless the border cuts it off."""
    masks = np.pad(random_masks(seed)[0], ((0, 0), (4, 4), (4, 4)))
    assert np.array_equal(in_contact(masks, gap), slow_contact(masks, gap))


def test_contact_at_the_border_and_of_what_is_empty():
    masks = rectangles((0, 0, 4, 4), (4, 0, 8, 4), (12, 8, 16, 12), (0, 0, 0, 0))
    expected = np.zeros((4, 4), dtype=bool)
    expected[0, 1] = expected[1, 0] = True
    assert np.array_equal(in_contact(masks), expected)
    assert in_contact(masks[:0]).shape == (0, 0) and in_contact(masks[:1]).tolist() == [[False]]


def test_a_gap_between_predicted_masks():
    masks = rectangles((0, 0, 4, 4), (7, 0, 11, 4))  # three columns between them
    assert not in_contact(masks, 1).any() and in_contact(masks, 2)[0, 1]


def test_order_of_gains():
    """0 grows by 5 beneath 1, which grows by 2 beneath 0: 0 lies behind; no growth says nothing."""
    gains = np.array([[0, 5, 0], [2, 0, 3], [0, 3, 0]])
    assert gain_order(gains).tolist() == [[0, -1, 0], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize('seed', range(6))
def test_overlap_order_is_that_of_painting(seed):
    """Of two objects that overlap the later one lies in front, wherever any of it is seen there."""
    modal, amodal = random_masks(seed, visible=True)
    expected = np.zeros((len(modal), len(modal)), dtype=np.int8)
    for i in range(len(modal)):
        for j in range(i + 1, len(modal)):
            if (modal[j] & amodal[i]).any():
                expected[i, j], expected[j, i] = -1, 1
    order = overlap_order(modal, amodal)
    assert np.array_equal(order, expected) and expected.any()


def test_overlap_order_of_masks_that_share_pixels():
    """Seen equally much where the other reaches: one of the two must lie in front, and it is the first."""
    masks = rectangles((0, 0, 6, 6), (3, 0, 9, 6))
    assert overlap_order(masks, masks).tolist() == [[0, 1], [-1, 0]]


def test_order_of_what_does_not_touch():
    """0 lies beneath 1, 1 beneath 2, and 2 hides some of 0 that 1 hides, too; 3 is far away from all."""
    amodal = rectangles((0, 0, 8, 6), (4, 0, 12, 6), (7, 1, 11, 5), (13, 9, 15, 11))
    modal = amodal.copy()
    for index in range(3):
        modal[index] &= ~amodal[index + 1:].any(0)
    touching = hull_order(modal)
    assert not in_contact(modal)[0, 2] and touching[0, 2] == 0
    found = distant_order(touching, modal, amodal)
    assert found.tolist() == [[0, touching[0, 1], -1, 0], [touching[1, 0], 0, touching[1, 2], 0], [1, touching[2, 1], 0, 0],
                              [0, 0, 0, 0]]
    reversed_pair = -touching  # a pair that touches keeps what it is given, right or wrong
    assert distant_order(reversed_pair, modal, amodal)[0, 1] == reversed_pair[0, 1]
    assert np.array_equal(distant_order(touching, modal, modal), touching)


def test_rules_by_hand():
    """A small square above a large one that it touches, and one far away."""
    masks = rectangles((0, 0, 3, 3), (0, 3, 8, 9), (13, 0, 16, 3))
    assert area_order(masks).tolist() == [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]
    assert area_order(masks, larger_in_front=True).tolist() == [[0, -1, 0], [1, 0, 0], [0, 0, 0]]
    assert y_axis_order(masks).tolist() == [[0, -1, 0], [1, 0, 0], [0, 0, 0]]


def test_hull_of_what_is_cut_takes_more():
    """A bar across a square leaves it in two parts; their hull takes the bar's middle, the bar's takes nothing."""
    modal = rectangles((2, 2, 10, 10), (0, 5, 14, 7))
    modal[0] &= ~modal[1]
    assert hull_order(modal).tolist() == [[0, -1], [1, 0]]
    assert np.array_equal(hulls(modal)[0], rectangles((2, 2, 10, 10))[0]) and not hulls(modal[:1] & False).any()


def slow_ancestors(order, index):
    found = set()
    while True:
        new = {j for i in {index, *found} for j in range(len(order)) if order[i, j] == -1} - found
        if not new:
            return found - {index}
        found |= new


@pytest.mark.parametrize('seed', range(20))
def test_ancestors_of_random_orders_with_circles(seed):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.integers(-1, 2, (9, 9)) * (rng.random((9, 9)) < 0.4), 1).astype(np.int8)
    order = upper - upper.T
    found = occluders(order)
    for index in range(9):
        assert set(np.flatnonzero(found[index]).tolist()) == slow_ancestors(order, index)
        assert np.array_equal(found[index], ancestors(order, index))
    assert (found >= occluders(order, direct=True)).all()


def test_ancestors_in_a_circle():
    """0 beneath 1 beneath 2 beneath 0: each has the two others, none itself."""
    order = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=np.int8)
    assert occluders(order).tolist() == (~np.eye(3, dtype=bool)).tolist()
    assert occluders(np.zeros((0, 0), np.int8)).shape == (0, 0)


def test_fifty_objects():
    modal, amodal = random_masks(0, count=50, height=60, width=80)
    for order in (area_order(modal), y_axis_order(modal), hull_order(modal), overlap_order(modal, amodal)):
        assert order.shape == (50, 50) and np.array_equal(order, -order.T) and not order[0].any()  # 0 is empty
