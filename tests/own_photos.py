"""Tiny photos and masks in files, for tests of a user's own data."""

import cv2
import numpy as np


def write_photo(path, width=30, height=20, value=90):
    """A grey photo; its folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))
    return path


def write_mask(path, *values, width=30, height=20):
    """A mask with columns of equal width of ``values``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.array(values, np.uint8)[np.arange(width) * len(values) // width]
    cv2.imwrite(str(path), np.broadcast_to(mask, (height, width)).copy())
    return path


def names(records):
    """File names of the photos of records, without folders."""
    return [path.rpartition('/')[2] for path in records.paths]
