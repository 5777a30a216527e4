"""Photos of a folder: found, read once, and looked at without a network."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmwsl.apis.explore.stages import Arrays, Stages, make_key
from mmwsl.datasets.file_dataset import fit_center_square
from mmwsl.datasets.readers.folder import find_images
from mmwsl.datasets.transforms.decode import ImageError, read_image
from mmwsl.evaluation.functional import color_histogram

THUMBNAILS = ((3000, 128), (10**9, 64))  # side of the page's pictures, by the number of photos
LOOK = 32  # side of the grey pictures that copies are told by


@dataclass
class Photos:
    """Readable photos of a folder.

    Attributes:
        root: the folder.
        names: N paths below it.
        skipped: dict(file, reason) of each that cannot be read.
        thumbnails: (N, S, S, 3) uint8, the central squares.
        looks: (N, 32, 32) uint8, grey, whole photos squashed.
        histograms: (N, 64) float32 color histograms.
        sizes: (N, 2) int64 width and height.
        digests: N texts, the hash of each file.
        key: of files, sizes and times.
    """
    root: Path
    names: list[str]
    skipped: list[dict[str, str]]
    thumbnails: np.ndarray
    looks: np.ndarray
    histograms: np.ndarray
    sizes: np.ndarray
    digests: list[str]
    key: str

    def __len__(self) -> int:
        return len(self.names)

    @property
    def paths(self) -> list[str]:
        """The files."""
        return [str(self.root / name) for name in self.names]


def list_photos(root: Path | str, out: Path | str) -> list[str]:
    """Paths of the photos below ``root``, without those below ``out``.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: no photo in it.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f'{root} {"is a file, not a folder" if root.exists() else "does not exist"}; name the '
                                'folder that your photos lie in')
    own = Path(out).resolve()
    inside = os.path.relpath(own, root.resolve()) + os.sep if own.is_relative_to(root.resolve()) else None
    names = find_images(root, on_error='skip')
    names = [name for name in names if inside is None or not name.startswith(inside)]
    if not names:
        raise ValueError(f'there is no photo in {root}, at any depth (looked for .jpg, .png, .webp, .tif and the '
                         'like); name the folder that your photos lie in')
    return names


def read_photos(root: Path | str, names: list[str], stages: Stages) -> Photos:
    """Decode every photo once; those that cannot be read are left out by name.

    Raises:
        ValueError: none can be read.
    """
    root = Path(root)
    states: list[tuple[str, str | int, int]] = []
    for name in names:
        try:
            state = os.stat(root / name)
            states.append((name, state.st_size, state.st_mtime_ns))
        except OSError as error:
            states.append((name, str(error), 0))
    side = next(side for most, side in THUMBNAILS if len(names) <= most)
    key = make_key(str(root.resolve()), states, side, LOOK)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 2) as pool:
        def compute(start: int, stop: int) -> Arrays:
            rows = list(pool.map(lambda name: _look(root / name, side), names[start:stop]))
            return {field: np.stack([row[field] for row in rows]) for field in rows[0]}
        looked = stages.run_in_chunks('photos', key, len(names), compute, size=1024)
    good = looked['reason'] == ''
    skipped = [dict(file=names[number], reason=str(looked['reason'][number])) for number in np.flatnonzero(~good)]
    if not good.any():
        raise ValueError(f'none of the {len(names)} photos in {root} can be read; the first: {skipped[0]["file"]}: '
                         f'{skipped[0]["reason"]}')
    return Photos(root, [name for name, fine in zip(names, good, strict=True) if fine], skipped,
                  looked['thumbnail'][good], looked['look'][good], looked['histogram'][good], looked['size'][good],
                  looked['digest'][good].tolist(), make_key(key, 'readable'))


def _look(path: Path, side: int) -> Arrays:
    thumbnail, look = np.zeros((side, side, 3), np.uint8), np.zeros((LOOK, LOOK), np.uint8)
    histogram, size, digest, reason = np.zeros(64, np.float32), np.zeros(2, np.int64), '', ''
    try:
        image = read_image(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        size = np.array(image.shape[1::-1], np.int64)
        look = cv2.cvtColor(cv2.resize(image, (LOOK, LOOK), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        thumbnail, histogram = fit_center_square(side)(image, path), color_histogram(image)
    except (ImageError, OSError) as error:
        reason = (str(error).replace(str(path), path.name) or type(error).__name__)[:300]
    return dict(thumbnail=thumbnail, look=look, histogram=histogram, size=size, digest=np.array(digest),
                reason=np.array(reason))
