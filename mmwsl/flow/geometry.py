"""Flow of a picture that is mirrored or resized: what is true of the new one."""

import cv2
import numpy as np


def flip_flow(flow: np.ndarray, vertical: bool = False) -> np.ndarray:
    """The flow of the mirrored frames: mirrored, and dx (``vertical``: dy) negated.

    Args:
        flow: float (H, W, 2).
    """
    axis, part = (0, 1) if vertical else (1, 0)
    flipped = np.flip(flow, axis).copy()
    flipped[..., part] *= -1
    return flipped


def resize_flow(flow: np.ndarray, width: int, height: int) -> np.ndarray:
    """The flow of the resized frames: resized, dx and dy in pixels of the new size.

    Shrinking takes the mean over areas, enlarging is bilinear; a pixel is not known (NaN) if one that it is made of is
    not.

    Args:
        flow: float32 (H, W, 2).

    Raises:
        ValueError: a size below 1.
    """
    if min(width, height) < 1:
        raise ValueError(f'a flow cannot be resized to {width} x {height} pixels; sides are 1 or more')
    old_height, old_width = flow.shape[:2]
    mode = cv2.INTER_AREA if width <= old_width and height <= old_height else cv2.INTER_LINEAR
    resized = cv2.resize(flow.astype(np.float32), (width, height), interpolation=mode)
    return resized * np.array([width / old_width, height / old_height], np.float32)
