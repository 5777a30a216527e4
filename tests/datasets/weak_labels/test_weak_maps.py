"""Class maps of points, scribbles and boxes."""

import numpy as np
import pytest

from mmwsl.datasets.weak_labels import (
    boxes_map,
    fill_shares,
    grab_cut,
    objects_of,
    points_map,
    tight_boxes,
    vote_foreground,
    weak_map,
)


def disc(size=48, center=(20, 26), radius=11, seed=0):
    """A noisy red disc on a noisy blue ground, and its mask."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    mask = (x - center[0])**2 + (y - center[1])**2 <= radius**2
    image = np.where(mask[..., None], (200, 60, 60), (40, 60, 170)) + rng.normal(0, 12, (size, size, 3))
    return image.clip(0, 255).astype(np.uint8), mask


def test_points_are_single_pixels():
    made = points_map([[2, 1, 0], [0, 3, 4], [3, 0, -1]], (4, 5), 5)
    assert made[1, 2] == 1 and made[3, 0] == 5 and made[0, 3] == 0 and (made == 255).sum() == 17
    assert points_map([[2, 1, 0], [2.7, 1.9, 0]], (4, 5), 5)[1, 2] == 1  # said twice, but the same


@pytest.mark.parametrize('points, message', [
    ([[5, 1, 0]], 'point 0 at 5, 1 is outside of the image, 5 x 4 pixels; x and y count from 0'),
    ([[1, 1, 0], [-1, 1, 0]], 'point 1 at -1, 1 is outside of the image'),
    ([[1, 1, 5]], 'point 0 at 1, 1 has the class 5; there are 0 to 4, and -1 = background'),
    ([[0, 0, 1]], 'point 0 at 0, 0 is on a void pixel, which has no class; move it into the object'),
    ([[1, 1, 2], [1, 1, 3]], 'point 1 at 1, 1 has the class 3, and another point at the same pixel class 2'),
    ([[float('nan'), 1, 2]], 'point 0 at nan, 1 of class 2: these must be numbers'),
])
def test_points_that_cannot_be(points, message):
    void = np.zeros((4, 5), dtype=bool)
    void[0, 0] = True
    with pytest.raises(ValueError, match=message):
        points_map(points, (4, 5), 5, void)


def test_grab_cut_finds_a_disc_in_its_box():
    image, mask = disc()
    box = tight_boxes(mask[None])[1][0]
    assert box.tolist() == [9, 15, 32, 38]
    found = grab_cut(image, box)
    assert (found & mask).sum() / (found | mask).sum() > 0.9
    assert not found[:15].any() and not found[38:].any() and not found[:, :9].any() and not found[:, 32:].any()
    assert (grab_cut(image, box) == found).all()


def test_a_box_that_fills_the_image_stays_whole():
    image, _ = disc()
    assert grab_cut(image, (0, 0, 48, 48)).all()
    flat = grab_cut(np.full((48, 48, 3), 90, np.uint8), (10, 10, 20, 30))  # nothing to tell apart
    assert flat.sum() in (0, 200) or flat[10:30, 10:20].any() and not flat[:10].any()


def test_votes_that_disagree_are_unsure():
    image, mask = disc()
    sure, unsure = vote_foreground(image, (9, 15, 32, 38), votes=5, jitter=0.2)
    assert not (sure & unsure).any() and unsure.any() and (sure & mask).sum() > 0.6 * mask.sum()
    again = vote_foreground(image, (9, 15, 32, 38), votes=5, jitter=0.2)
    assert (again[0] == sure).all() and (again[1] == unsure).all()
    once = vote_foreground(image, (9, 15, 32, 38))
    assert not once[1].any() and (once[0] == grab_cut(image, (9, 15, 32, 38))).all()


def test_smaller_boxes_lie_in_front():
    image, _ = disc()
    made = boxes_map(image, [[4, 4, 10, 10], [0, 0, 20, 20]], [2, 0], refine=False)
    assert (made[4:10, 4:10] == 3).all() and made[0, 0] == 1 and made[19, 19] == 1 and made[20, 20] == 0
    assert (made == 1).sum() == 400 - 36
    with pytest.raises(ValueError, match=r'box 1 \(50, 0, 60, 10\) is outside of the image, 48 x 48 pixels'):
        boxes_map(image, [[4, 4, 10, 10], [50, 0, 60, 10]], [2, 0])


def test_fill_shares_by_hand():
    class_map = np.zeros((8, 8), np.uint8)
    class_map[2:4, 2:6] = 3
    assert fill_shares(class_map, [[2, 2, 6, 6], [2, 2, 4, 4], [0, 0, 2, 2]], [2, 2, 2]).tolist() == [0.5, 1.0, 0.0]
    assert fill_shares(class_map, [[2, 2, 6, 6]], [1]).tolist() == [0.0]


def test_connected_parts_are_objects():
    class_map = np.zeros((12, 12), np.uint8)
    class_map[:3, :4], class_map[6:9, 6:10], class_map[0, 11], class_map[10:, :] = 2, 2, 2, 255
    masks, labels = objects_of(class_map)
    assert labels.tolist() == [1, 1] and masks.sum((1, 2)).tolist() == [12, 12]  # one pixel is no object, void is none
    assert objects_of(np.full((4, 4), 255, np.uint8))[0].shape == (0, 4, 4)


@pytest.mark.parametrize('kind', ['points', 'scribbles', 'boxes', 'rectangles', 'full'])
def test_weak_maps_tell_the_truth_and_keep_void(kind):
    image, mask = disc()
    class_map = np.where(mask, 4, 0).astype(np.uint8)
    class_map[40:] = 255
    made, again, other = (weak_map(kind, image, class_map, mask[None], np.array([3]), np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (made == again).all() and (made[40:] == 255).all()
    told = made != 255
    right = (made == class_map)[told].mean()
    if kind in ('points', 'scribbles'):
        assert right == 1 and not (made == other).all()
        assert set(np.unique(made)) == {0, 4, 255}
        assert kind != 'points' or told.sum() == 2
    assert right == 1 or right > (0.97 if kind == 'boxes' else 0.9)
    assert kind != 'full' or (made == class_map).all()
    assert kind != 'rectangles' or (made == 4).sum() == 23 * 23


def test_unknown_labels():
    with pytest.raises(ValueError, match="labels='dots' are unknown; choose one of points, scribbles, boxes"):
        weak_map('dots', None, np.zeros((4, 4), np.uint8), np.zeros((0, 4, 4), bool), np.zeros(0), None)
