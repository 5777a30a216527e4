"""Points and scribbles of masks."""

import cv2
import numpy as np
import pytest

from mmwsl.datasets import draw_points, draw_scribbles
from mmwsl.datasets.scribbles import draw_stroke, middle_path

RNG = np.random.default_rng


def disk(size, center, radius):
    y, x = np.mgrid[:size, :size]
    return np.hypot(x - center[0], y - center[1]) <= radius


def masks():
    """A disk, a thin curve, two parts, one pixel, and nothing; (5, 40, 40)."""
    two = disk(40, (6, 32), 4) | disk(40, (30, 32), 6)
    curve = disk(40, (30, 10), 8) & ~disk(40, (30, 10), 7)
    pixel = np.zeros((40, 40), bool)
    pixel[20, 39] = True
    return np.stack([disk(40, (9, 9), 8), curve, two, pixel, np.zeros((40, 40), bool)])


def test_a_point_of_every_object():
    points = draw_points(masks(), [3, 1, 4, 0, 2], RNG(0))
    assert points.shape == (4, 3) and points.dtype == np.float32 and points[:, 2].tolist() == [3, 1, 4, 0]
    for mask, (x, y, _) in zip(masks(), points.astype(int), strict=False):
        assert mask[y, x]
    assert points[3].tolist() == [39, 20, 0]
    assert draw_points(np.zeros((0, 5, 5), bool), [], RNG(0)).shape == (0, 3)


def test_every_pixel_is_drawn_as_often():
    mask = np.zeros((1, 3, 4), bool)
    mask[0, 1, 1:3] = mask[0, 2, 3] = True
    rng = RNG(1)
    drawn = [tuple(draw_points(mask, [0], rng)[0, :2]) for _ in range(600)]
    counts = [drawn.count(each) for each in ((1, 1), (2, 1), (3, 2))]
    assert sum(counts) == 600 and min(counts) > 200 - 4 * np.sqrt(600 * 2 / 9)


@pytest.mark.parametrize('seed', range(3))
def test_strokes_stay_in_their_objects(seed):
    objects = masks()
    scribbles = draw_scribbles(objects, [3, 1, 4, 0, 2], RNG(seed))
    assert scribbles.dtype == np.uint8 and set(np.unique(scribbles)) == {0, 1, 2, 4, 5, 255}
    for mask, label in zip(objects, [3, 1, 4, 0, 2], strict=True):
        assert not (scribbles == label + 1)[~mask].any()
    assert not objects[:, scribbles == 0].any()
    assert np.array_equal(scribbles, draw_scribbles(objects, [3, 1, 4, 0, 2], RNG(seed)))
    assert 0 not in draw_scribbles(objects, [3, 1, 4, 0, 2], RNG(seed), background=False)


def test_length_and_width():
    bar = np.zeros((30, 120), bool)
    bar[10:21, 10:110] = True
    for width in (1, 3, 5):
        stroke = draw_stroke(bar, RNG(0), width, (0.5, 0.5))
        assert 45 <= np.flatnonzero(stroke.any(axis=0)).size <= 60 + width
        assert np.median(stroke.sum(axis=0)[stroke.any(axis=0)]) == width
    assert draw_stroke(bar, RNG(0), 1, (1.0, 1.0)).any(axis=0).sum() > 90
    assert not draw_stroke(np.zeros((4, 4), bool), RNG(0)).any()


def test_the_path_runs_along_the_middle_and_is_connected():
    ring = disk(61, (30, 30), 25) & ~disk(61, (30, 30), 13)
    path = middle_path(ring)
    assert np.abs(np.diff(path, axis=0)).max() == 1 and len(path) > 40
    radii = np.hypot(*(path - 30).T)
    assert np.abs(radii[8:-8] - 19).max() < 2.5  # the middle of the ring, but near its ends
    assert middle_path(masks()[2])[:, 0].min() > 20  # the larger part
    assert middle_path(masks()[3]).tolist() == [[39, 20]]
    assert middle_path(masks()[4]).shape == (0, 2)


def test_a_whole_mask_has_a_stroke():
    scribbles = draw_scribbles(np.ones((1, 20, 30), bool), [0], RNG(0))
    assert set(np.unique(scribbles)) == {1, 255}


def test_strokes_are_smooth():
    """No pixel of the curve turns by more than a right angle: its outline is about twice as long as it is."""
    stroke = draw_stroke(disk(81, (40, 40), 36) & ~disk(81, (55, 40), 12), RNG(2), 1, (0.9, 0.9))
    count, _ = cv2.connectedComponents(stroke.astype(np.uint8), connectivity=8)
    assert count == 2 and stroke.sum() > 30
    neighbors = cv2.filter2D(stroke.astype(np.uint8), -1, np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT)[stroke]
    assert neighbors.mean() < 3.6  # a pixel and two beside it; a few corners have three
