"""Zooming out and in: pixels, boxes and masks move alike."""

import numpy as np
import pytest

from mmwsl.datasets import RandomWindow, ZoomOut
from mmwsl.datasets.transforms.zoom import shift_annotations

BOXES = [[4., 6., 20., 26.], [30., 10., 38., 18.]]


def picture(index=0):
    """Two objects of one color each, as bitmap and as polygon."""
    image = np.zeros((40, 50, 3), np.uint8)
    bitmap = np.zeros((40, 50), bool)
    image[6:26, 4:20], image[10:18, 30:38], bitmap[6:26, 4:20] = 100, 200, True
    polygon = np.float32([[30, 10], [38, 10], [38, 18], [30, 18]])
    return dict(image=image, boxes=np.float32(BOXES), masks=[bitmap, [polygon]], index=index, seed=3, epoch=0)


def test_zoom_out_moves_all_alike():
    seen = set()
    for index in range(12):
        results = ZoomOut(most=3.0, prob=1.0, fill=(1, 2, 3))(picture(index))
        image, (left, top, right, bottom) = results['image'], results['boxes'][0].astype(int)
        assert (right - left, bottom - top) == (16, 20) and image.shape[0] <= 120 and image.shape[1] <= 150
        assert (image[top:bottom, left:right] == 100).all() and (image == 100).all(2).sum() == 320
        assert np.array_equal(results['masks'][0], (image == 100).all(2))
        assert np.array_equal(results['masks'][1][0][0], results['boxes'][1][:2])
        assert results['ori_shape'] == (40, 50)
        seen.add(image.shape)
    assert len(seen) > 6
    assert ZoomOut(prob=0.0)(picture())['image'].shape == (40, 50, 3)
    with pytest.raises(ValueError, match=r'most=0.5 would be smaller'):
        ZoomOut(most=0.5)


def test_window_keeps_what_has_its_center_inside():
    cut = 0
    for index in range(40):
        results = RandomWindow()(picture(index))
        image, boxes = results['image'], results['boxes']
        height, width = image.shape[:2]
        cut += image.shape != (40, 50, 3)
        sides = boxes[:, 2:] - boxes[:, :2]
        assert (boxes >= 0).all() and (boxes <= [width, height, width, height]).all() and (sides > 0).all(1).any()
        left, top, right, bottom = boxes[0].astype(int)
        if sides[0].min() > 0:
            assert (image[top:bottom, left:right] == 100).all() and results['masks'][0].sum() == sides[0].prod()
        else:
            assert not results['masks'][0].any()
    assert cut > 15
    whole = RandomWindow(overlaps=(None,))(picture())
    assert np.array_equal(whole['image'], picture()['image'])
    least = RandomWindow(overlaps=(0.9,), tries=3)(picture())  # no window overlaps both by so much
    assert np.array_equal(least['boxes'], np.float32(BOXES))


def test_a_window_by_hand():
    results = shift_annotations(picture(), 10, 5, 30, 20)
    assert results['boxes'].tolist() == [[0, 1, 10, 20], [20, 5, 28, 13]]
    gone = shift_annotations(picture(), 25, 0, 20, 20)
    assert gone['boxes'].tolist() == [[0, 0, 0, 0], [5, 10, 13, 18]]
    assert not gone['masks'][0].any() and gone['masks'][1][0].tolist()[0] == [5, 10]
    with pytest.raises(ValueError, match='do not move class maps'):
        shift_annotations(dict(picture(), class_map=np.zeros((40, 50))), 0, 0, 5, 5)
