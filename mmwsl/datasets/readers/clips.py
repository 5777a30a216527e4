"""Clips: folders of frames and video files, as frames in order."""

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mmwsl.datasets.readers.folder import find_images
from mmwsl.datasets.transforms.decode import ImageError, read_image

VIDEO_EXTENSIONS = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg', '.gif')


def find_clips(root: os.PathLike[str] | str, single: bool = False) -> list[Path]:
    """The clips of a folder: each folder below it (or itself) that holds two images or more, and each video file.

    Args:
        root: folder, or one video file.
        single: also the folders below it that hold one image, for a caller who says why these are left out.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: there are none.
    """
    root = Path(root)
    if not root.exists():
        raise FileNotFoundError(f'clips {root} do not exist (looked for from {Path.cwd()})')
    if root.is_file():
        return [root]
    counts: dict[Path, int] = {}
    for name in find_images(root, on_error='skip'):
        folder = (root / name).parent
        counts[folder] = counts.get(folder, 0) + 1
    clips = [folder for folder, count in counts.items() if count > 1 or single and folder != root]
    clips += [path for path in root.rglob('*') if path.suffix.lower() in VIDEO_EXTENSIONS and path.is_file()]
    if not clips:
        raise ValueError(f'there is no clip in {root}: no folder with two images or more, and no video file '
                         f'({" ".join(VIDEO_EXTENSIONS)})')
    return sorted(clips)


def read_frames(clip: os.PathLike[str] | str, step: int = 1, most: int | None = None) -> Iterator[np.ndarray]:
    """The frames of a clip, one after the other.

    Args:
        clip: folder of frames, in the order of their names, or a video file.
        step: take every so manyth.
        most: stop after so many.

    Yields:
        uint8 (H, W, 3) RGB, all of one size.

    Raises:
        FileNotFoundError: no such clip.
        ValueError: a step below 1.
        ImageError: a frame or video that does not decode, no frames, or a frame of another size than the first.
    """
    clip = Path(clip)
    if step < 1:
        raise ValueError(f'step={step} is impossible; it must be 1 or more')
    if not clip.exists():
        raise FileNotFoundError(f'clip {clip} does not exist (looked for from {Path.cwd()})')
    frames = _folder_frames(clip, step) if clip.is_dir() else _video_frames(clip, step)
    first = None
    for number, frame in enumerate(frames):
        if number == most:
            return
        first = frame.shape if first is None else first
        if frame.shape != first:
            raise ImageError(f'clip {clip}: frame {number * step} is of {frame.shape[1]} x {frame.shape[0]} pixels, '
                             f'the first of {first[1]} x {first[0]}; a clip has one size')
        yield frame
    if first is None:
        raise ImageError(f'clip {clip} has no frames that decode')


def _folder_frames(clip: Path, step: int) -> Iterator[np.ndarray]:
    names = [name for name in find_images(clip) if os.sep not in name]
    for name in names[::step]:
        yield read_image(clip / name)


def _video_frames(clip: Path, step: int) -> Iterator[np.ndarray]:
    video = cv2.VideoCapture(str(clip))
    try:
        if not video.isOpened():
            raise ImageError(f'video {clip} cannot be opened: truncated, corrupt, or of a kind that OpenCV does not '
                             'know; convert it to .mp4, or to a folder of frames')
        number = 0
        while True:
            read, frame = video.read()
            if not read:
                return
            if number % step == 0:
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            number += 1
    finally:
        video.release()
