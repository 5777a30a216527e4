"""Windows of clips in files: the liveliest ones, and files that are no clips."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import ClipWindows, ImageError
from mmwsl.datasets.readers.motion.clip_windows import liveliest


def write(folder, moving, count=12, side=(60, 40)):
    """Frames with a square that moves in those numbers."""
    folder.mkdir(parents=True)
    x, rng = 2, np.random.default_rng(0)
    ground = cv2.resize(rng.integers(60, 190, (8, 12, 3)).astype(np.uint8), side)
    for number in range(count):
        x += 3 * (number in moving)
        frame = ground.copy()
        cv2.rectangle(frame, (x, 10), (x + 14, 26), (20, 20, 240), -1)
        cv2.imwrite(str(folder / f'{number:03d}.png'), frame)


@pytest.fixture
def clips(tmp_path):
    write(tmp_path / 'clips' / 'late', {8, 9, 10, 11})
    write(tmp_path / 'clips' / 'short', {1}, count=3)
    return tmp_path / 'clips'


def test_the_liveliest_window_is_taken(clips):
    found = ClipWindows(clips, length=5, size=32)
    assert [(clip.endswith('late'), start) for clip, start in found.sources] == [(True, 7)]
    assert found[0]['inputs'].shape == (5, 3, 32, 32) and found.motion.shape == (1, 4)
    assert len(found.too_short) == 1 and found.too_short[0].endswith('short')
    again = ClipWindows(clips, length=5, size=32, in_memory=False)
    assert torch.equal(again.__getitems__([0])['inputs'][0], found[0]['inputs'])


def test_several_windows_do_not_overlap():
    motion = np.array([0, 5, 5, 0, 0, 1, 4, 4, 0, 0.])
    assert liveliest(motion, 3, 9) == [1, 6, 4] or liveliest(motion, 3, 9)[:2] == [1, 6]
    assert liveliest(motion, 3, 9, least=3.0) == [1, 6] and liveliest(motion, 3, 1) == [1]
    starts = liveliest(np.random.default_rng(0).random(40), 5, 99)
    assert min(abs(a - b) for a in starts for b in starts if a != b) >= 5


def test_clips_that_give_nothing(clips, tmp_path):
    with pytest.raises(ValueError, match='2 are shorter'):
        ClipWindows(clips, length=50)
    with pytest.raises(ValueError, match='less than 99.0 pixels move'):
        ClipWindows(clips, length=5, least_motion=99.0)
    (clips / 'broken.mp4').write_bytes(b'no video')
    with pytest.raises(ImageError, match='broken.mp4'):
        ClipWindows(clips, length=5)
    assert ClipWindows(clips, length=5, on_error='skip').skipped[0][0].endswith('broken.mp4')
    with pytest.raises(FileNotFoundError):
        ClipWindows(tmp_path / 'nothing')
    with pytest.raises(ValueError, match='length=1'):
        ClipWindows(clips, length=1)
