"""What the commands that go through clips share: names, pairs of frames, and images that are written."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mmwsl.datasets.readers.clips import read_frames
from mmwsl.files import check_writable, write_atomically

PICTURES = ('.png', '.jpg', '.jpeg')


def clip_name(clip: Path, root: Path) -> str:
    """What a clip's frames are called: its path below the folder, with dashes."""
    return '-'.join(clip.relative_to(root).with_suffix('').parts) if clip != root else root.stem


def frame_pairs(clip: os.PathLike[str] | str, gap: int, step: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Number of each ``step``th frame, the frame, and the one ``gap`` later."""
    first, second = itertools.tee(read_frames(clip))
    for number, (one, other) in enumerate(zip(first, itertools.islice(second, gap, None), strict=False)):
        if number % step == 0:
            yield number, one, other


def check_picture(path: os.PathLike[str] | str | None) -> None:
    """Refuse a file that no picture can be written to; None is none.

    Raises:
        ValueError: the name ends in neither .png nor .jpg.
        OSError: it cannot be written.
    """
    if path is None:
        return
    if Path(path).suffix.lower() not in PICTURES:
        raise ValueError(f'{path}: a picture ends in .png or .jpg')
    check_writable(Path(path))


def write_image(path: Path, image: np.ndarray) -> None:
    """Write an image uint8 (H, W, 3) RGB, as a PNG or as a JPEG of quality 95."""
    quality = [] if path.suffix.lower() == '.png' else [cv2.IMWRITE_JPEG_QUALITY, 95]
    _, encoded = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    write_atomically(path, encoded.tobytes())
