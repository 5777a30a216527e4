"""Boxes that are followed, against clips whose motion is known."""

import numpy as np
import pytest

from mmwsl.flow import track_box


def clip(steps, side=64, growth=0):
    """A checkered square that moves by the steps (T - 1, 2), on smooth noise; and its true boxes."""
    rng = np.random.default_rng(0)
    ground = np.repeat(np.repeat(rng.integers(90, 130, (side // 8, side // 8, 3)), 8, 0), 8, 1).astype(np.uint8)
    checks = np.kron(np.indices((4, 4)).sum(0) % 2, np.ones((4, 4)))[..., None] * [200, 120, 60] + [20, 40, 120]
    frames, boxes, place = [], [], np.array([10, 12])
    for step in [(0, 0), *steps]:
        place = place + step
        frame = ground.copy()
        frame[place[1]:place[1] + 16, place[0]:place[0] + 16] = checks.clip(0, 255)
        frames.append(frame)
        boxes.append([*place, *(place + 16)])
    return frames, np.array(boxes)


@pytest.mark.parametrize('method', ['lucas_kanade', 'mil'])
def test_a_square_is_followed(method):
    frames, boxes = clip([(2, 1)] * 6)
    found = track_box(frames, boxes[0], method)
    assert found.shape == (7, 4) and np.abs(found - boxes).max() < (1 if method == 'lucas_kanade' else 6)


def test_lost_and_refused():
    frames, boxes = clip([(2, 1)] * 3)
    assert track_box([frames[0], np.full_like(frames[0], 100)], boxes[0]) is None  # gone
    assert track_box([np.full_like(frames[0], 100)] * 2, boxes[0]) is None  # no corner
    with pytest.raises(ValueError, match='unknown'):
        track_box(frames, boxes[0], 'nearest')
    with pytest.raises(ValueError, match='smaller than 2 x 2'):
        track_box(frames, [5, 5, 6, 20])
