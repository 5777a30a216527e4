"""Boxes and pixels of maps against searches written out in full."""

from collections import deque

import cv2
import numpy as np
import pytest

from mmwsl.evaluation.functional.localization import (
    PixelAveragePrecision,
    best_overlaps,
    box_from_saliency,
    box_overlap,
    boxes_from_map,
    default_thresholds,
    max_box_accuracy,
    normalize_map,
)


def flood(mask, neighbours):
    """Connected parts of a mask, pixel by pixel: list of sets of (y, x)."""
    left, parts = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}, []
    while left:
        part, queue = set(), deque([left.pop()])
        while queue:
            y, x = queue.popleft()
            part.add((y, x))
            for dy, dx in neighbours:
                if (y + dy, x + dx) in left:
                    left.remove((y + dy, x + dx))
                    queue.append((y + dy, x + dx))
        parts.append(part)
    return parts


FOUR = [(0, 1), (1, 0), (0, -1), (-1, 0)]
EIGHT = FOUR + [(1, 1), (1, -1), (-1, 1), (-1, -1)]


def enclosed(part, shape):
    """A part with its holes filled: what cannot be reached from outside."""
    outside = np.ones((shape[0] + 2, shape[1] + 2), dtype=bool)
    for y, x in part:
        outside[y + 1, x + 1] = False
    reached = next(each for each in flood(outside, FOUR) if (0, 0) in each)
    return {(y, x) for y in range(shape[0]) for x in range(shape[1]) if (y + 1, x + 1) not in reached}


def area_between_centres(filled):
    """Area within the line through the centres of a filled part's border: of every square of four neighbouring centres
    all of it, half (a triangle) or nothing."""
    total = 0.0
    for y, x in filled:
        corners = sum(place in filled for place in ((y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)))
        total += {4: 1.0, 3: 0.5}.get(corners, 0.0)
    return total + sum(0.5 for y, x in {(y, x - 1) for y, x in filled} - filled
                       if all(place in filled for place in ((y, x + 1), (y + 1, x), (y + 1, x + 1))))


def box_of(part, shape):
    ys, xs = zip(*part, strict=True)
    return min(xs), min(ys), min(max(xs) + 1, shape[1] - 1), min(max(ys) + 1, shape[0] - 1)


def slow_boxes(values, threshold):
    """Outer boxes with areas, and boxes of holes: of the pixels around them."""
    levels = np.floor(values * 255).astype(int)
    above = levels > int(threshold * levels.max())
    outer = [(area_between_centres(enclosed(part, above.shape)), box_of(part, above.shape))
             for part in flood(above, EIGHT)]
    padded = np.pad(~above, 1, constant_values=True)
    holes = []
    for part in flood(padded, FOUR):
        if (0, 0) in part:
            continue
        rim = {(y + dy - 1, x + dx - 1) for y, x in part for dy, dx in FOUR if not padded[y + dy, x + dx]}
        holes.append(box_of(rim, above.shape))
    return outer, holes


def random_maps(count, size=(13, 17), seed=0):
    generator = np.random.default_rng(seed)
    for number in range(count):
        values = generator.random(size) ** 2
        yield normalize_map(cv2.GaussianBlur(values, (0, 0), 0.4 + number % 4 * 0.5))


@pytest.mark.parametrize('threshold', [0.0, 0.2, 0.5, 0.81])
def test_boxes_by_flooding(threshold):
    several = 0
    for values in random_maps(24):
        outer, holes = slow_boxes(values, threshold)
        every = boxes_from_map(values, threshold, largest=False)
        assert sorted(map(tuple, every.tolist())) == sorted([box for _, box in outer] + holes)
        largest, = boxes_from_map(values, threshold).tolist()
        most = max(area for area, _ in outer)
        assert tuple(largest) in [box for area, box in outer if area == most]
        several += len(every) > 1
    assert threshold in (0.0,) or several > 3  # the maps are not all of one part


def test_edge_cases_of_boxes():
    assert boxes_from_map(np.zeros((5, 6)), 0.2).tolist() == [[0, 0, 0, 0]]
    assert boxes_from_map(np.zeros((5, 6)), 0.2, largest=False).tolist() == [[0, 0, 0, 0]]
    assert boxes_from_map(np.ones((5, 6)), 0.2).tolist() == [[0, 0, 5, 4]]  # a constant map that was not normalised
    one = np.zeros((5, 6))
    one[2, 3] = 1
    assert boxes_from_map(one, 0.5).tolist() == [[3, 2, 4, 3]]
    one[4, 5] = 1  # two parts of the same area: one of them, always the same
    assert boxes_from_map(one, 0.5).tolist() == boxes_from_map(one, 0.5).tolist()
    assert sorted(boxes_from_map(one, 0.5, largest=False).tolist()) == [[3, 2, 4, 3], [5, 4, 5, 4]]
    half = np.full((4, 4), 0.5)
    half[0, 0] = 1  # 127 is not above int(0.5 * 255) = 127
    assert boxes_from_map(half, 0.5).tolist() == [[0, 0, 1, 1]]
    assert boxes_from_map(half, 0.49).tolist() == [[0, 0, 3, 3]]


def test_constant_map_is_zero():
    assert (normalize_map(np.full((3, 4), 7.0)) == 0).all()
    assert normalize_map([[1, 3], [2, 5]]).tolist() == [[0, 0.5], [0.25, 1]]


def test_overlap_by_hand():
    """10 x 10 pixels and 10 x 10 pixels share 5 x 10."""
    assert box_overlap([[0, 0, 9, 9]], [[5, 0, 14, 9], [0, 0, 9, 9], [10, 0, 12, 3]]).tolist() == [[50 / 150, 1, 0]]


@pytest.mark.parametrize('step', [0.1, 0.01, 0.001])
def test_every_threshold_as_if_alone(step):
    """Nested search and shared levels change nothing."""
    thresholds, truth = default_thresholds(step), np.array([[2, 3, 9, 10], [0, 0, 16, 12], [12, 9, 15, 11]])
    for values in random_maps(6, seed=1):
        largest, best = best_overlaps(values, truth, thresholds)
        for place in range(0, len(thresholds), max(1, len(thresholds) // 40)):
            single = boxes_from_map(values, thresholds[place])
            every = boxes_from_map(values, thresholds[place], largest=False)
            assert largest[place] == box_overlap(single, truth).max()
            assert best[place] == box_overlap(every, truth).max()


def test_holes_count_as_boxes_but_not_as_the_largest():
    values = np.ones((20, 20))
    values[5:15, 6:16] = 0
    largest, best = best_overlaps(values, [[5, 4, 17, 16]], [0.5])
    assert largest[0] < 0.5 and best[0] > 0.9


def test_the_maximum_is_taken_after_the_mean():
    overlaps = np.array([[0.6, 0.4, 0.5], [0.1, 0.9, 0.5], [0.0, 0.7, 0.2]])
    accuracy, threshold = max_box_accuracy(overlaps, [0.0, 0.3, 0.6])
    assert accuracy == pytest.approx(2 / 3) and threshold == 0.3
    assert max_box_accuracy(overlaps, [0.0, 0.3, 0.6], iou=0.9) == (pytest.approx(1 / 3), 0.3)


def test_pixel_precision_by_sorting():
    """Against the ranking of all pixels, written out threshold by threshold."""
    thresholds, generator = default_thresholds(0.05), np.random.default_rng(2)
    measure = PixelAveragePrecision(thresholds)
    pixels, truths = [], []
    for values in random_maps(3, seed=3):
        foreground, ignored = generator.random(values.shape) < 0.3 + 0.5 * values, generator.random(values.shape) < 0.2
        measure.add(values, foreground, ignored)
        kept = foreground | ~ignored
        pixels.append(values[kept])
        truths.append(foreground[kept])
    pixels, truths = np.concatenate(pixels), np.concatenate(truths)
    expected, recall = 0.0, 0.0
    for threshold in [1.0, *thresholds[::-1]]:  # the maps' largest values are 1
        chosen = pixels >= threshold
        if chosen.any():
            now = (chosen & truths).sum() / truths.sum()
            expected += (chosen & truths).sum() / chosen.sum() * (now - recall)
            recall = now
    assert measure.compute() == pytest.approx(expected, rel=1e-12)


def test_pixel_precision_at_the_edges():
    thresholds = default_thresholds(0.01)
    perfect = PixelAveragePrecision(thresholds)
    truth = np.zeros((6, 6), dtype=bool)
    truth[:3] = True
    perfect.add(truth.astype(float), truth)
    assert perfect.compute() == 1
    constant = PixelAveragePrecision(thresholds)
    constant.add(np.zeros((6, 6)), truth)
    assert constant.compute() == 0.5  # the share of the object's pixels
    saturated = PixelAveragePrecision(thresholds)  # 2 of 4 pixels at 1 are the object's, those just below all
    saturated.add([[1, 1, 1, 1, 0.999, 0.999]], np.array([[1, 1, 0, 0, 1, 1]], dtype=bool))
    assert saturated.compute() == pytest.approx(0.5 * 2 / 4 + 0.5 * 4 / 6)
    nothing = PixelAveragePrecision(thresholds)
    nothing.add(np.ones((6, 6)), ~truth & truth)
    assert np.isnan(nothing.compute())


@pytest.mark.parametrize('call, message', [
    (lambda: boxes_from_map(np.full((3, 3), 1.5), 0.2), r'must lie in \[0, 1\]'),
    (lambda: boxes_from_map(np.full((3, 3), np.nan), 0.2), '9 of 9 values of the map are NaN'),
    (lambda: boxes_from_map(np.zeros(3), 0.2), r'must be \(H, W\)'),
    (lambda: boxes_from_map(np.zeros((3, 3)), 1.0), 'from 0 to below 1'),
    (lambda: best_overlaps(np.zeros((3, 3)), np.zeros((0, 4)), [0.1]), 'G >= 1'),
    (lambda: normalize_map([[1, np.inf]]), '1 of 2 values of the map are not finite'),
    (lambda: PixelAveragePrecision([0.1, 0.5]), 'rise from 0'),
    (lambda: PixelAveragePrecision([0.0]).add(np.zeros((2, 2)), np.zeros((2, 3))), 'resize the map to the mask'),
])
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_box_from_saliency():
    """A two-coloured picture, seeds in part of the object: the box is that of its colour's largest part."""
    image = np.full((40, 60, 3), (30, 90, 30), dtype=np.uint8)
    image[10:30, 20:45] = (220, 40, 40)
    image[2:4, 2:4] = (220, 40, 40)  # a small part of the same colour
    image += np.random.default_rng(0).integers(0, 10, image.shape, dtype=np.uint8)
    values = np.zeros((40, 60))
    values[5:35, 15:50] = 0.4
    values[12:24, 24:36] = np.linspace(0.5, 1, 144).reshape(12, 12)
    assert box_from_saliency(image, values, background=0.5).tolist() == [[20, 10, 45, 30]]
    assert box_from_saliency(image, np.ones((40, 60))).tolist() == [[0, 0, 0, 0]]
    with pytest.raises(ValueError, match='of the size of the map'):
        box_from_saliency(image, values[:5])
    with pytest.raises(ValueError, match='must be below foreground'):
        box_from_saliency(image, values, foreground=0.2)
