"""Clips from folders of frames and from video files, and those that cannot be used."""

import cv2
import numpy as np
import pytest

from mmwsl.datasets.readers.clips import find_clips, read_frames
from mmwsl.datasets.transforms.decode import ImageError


@pytest.fixture
def folder(tmp_path):
    """Five frames whose red value is 50 times their number."""
    clip = tmp_path / 'clips' / 'one'
    clip.mkdir(parents=True)
    for number in range(5):
        cv2.imwrite(str(clip / f'{number:03}.png'), np.full((24, 32, 3), (0, 0, 50 * number), np.uint8))
    return clip


def test_frames_of_a_folder_come_in_order(folder):
    assert [frame[0, 0].tolist() for frame in read_frames(folder)] == [[50 * number, 0, 0] for number in range(5)]
    assert [int(frame[0, 0, 0]) for frame in read_frames(folder, step=2)] == [0, 100, 200]
    assert [int(frame[0, 0, 0]) for frame in read_frames(folder, most=2)] == [0, 50]


def test_a_video_file_gives_its_frames(tmp_path):
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, (32, 24))
    for number in range(4):
        writer.write(np.full((24, 32, 3), (0, 0, 60 * number), np.uint8))
    writer.release()
    frames = list(read_frames(path))
    assert len(frames) == 4 and frames[0].shape == (24, 32, 3)
    assert [abs(int(frame[..., 0].mean()) - 60 * number) < 8 for number, frame in enumerate(frames)] == [True] * 4
    assert len(list(read_frames(path, step=3))) == 2


def test_clips_of_a_folder_are_found(folder):
    root = folder.parent
    (root / 'alone').mkdir()
    cv2.imwrite(str(root / 'alone' / 'a.png'), np.zeros((8, 8, 3), np.uint8))
    (root / 'film.mp4').write_bytes(b'')
    assert find_clips(root) == [root / 'film.mp4', folder]
    assert find_clips(root, single=True) == [root / 'alone', root / 'film.mp4', folder]
    assert find_clips(root / 'film.mp4') == [root / 'film.mp4']


def test_what_is_no_clip_is_refused(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match='does not exist'):
        next(read_frames(tmp_path / 'nothing'))
    with pytest.raises(FileNotFoundError, match='do not exist'):
        find_clips(tmp_path / 'nothing')
    empty = tmp_path / 'empty'
    empty.mkdir()
    with pytest.raises(ImageError, match='no frames that decode'):
        next(read_frames(empty))
    with pytest.raises(ValueError, match='no clip in'):
        find_clips(empty)
    (tmp_path / 'torn.mp4').write_bytes(b'not a video')
    with pytest.raises(ImageError, match='cannot be opened'):
        next(read_frames(tmp_path / 'torn.mp4'))
    with pytest.raises(ValueError, match='step=0'):
        next(read_frames(folder, step=0))


def test_frames_of_another_size_and_torn_frames_are_named(folder):
    cv2.imwrite(str(folder / '010.png'), np.zeros((20, 32, 3), np.uint8))
    with pytest.raises(ImageError, match='frame 5 is of 32 x 20 pixels, the first of 32 x 24'):
        list(read_frames(folder))
    (folder / '010.png').write_bytes((folder / '000.png').read_bytes()[:60])
    with pytest.raises(ImageError, match='010.png'):
        list(read_frames(folder))
