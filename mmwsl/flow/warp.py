"""Pictures moved by a flow, backward and forward, and where two flows agree."""

import cv2
import numpy as np

FILL_RADIUS = 3  # pixels around a hole that it is filled from


def _check(image: np.ndarray, flow: np.ndarray) -> None:
    if flow.ndim != 3 or flow.shape[2] != 2 or image.shape[:2] != flow.shape[:2]:
        raise ValueError(f'a flow {flow.shape} does not fit an image {image.shape}; it is (H, W, 2) with the same '
                         'height and width: resize it with resize_flow')


def _targets(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel goes: x (H, W) and y (H, W), float32."""
    y, x = np.mgrid[:flow.shape[0], :flow.shape[1]].astype(np.float32)
    return x + flow[..., 0], y + flow[..., 1]


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The second frame drawn back onto the first: its value at (x + dx, y + dy), bilinear.

    What points beyond the edge takes the nearest pixel of the edge; see :func:`inside`.

    Args:
        image: (H, W) or (H, W, C), uint8 or float32, C at most 4.
        flow: float32 (H, W, 2) from the first frame to this one; what is not finite counts as 0.

    Returns:
        array like ``image``.

    Raises:
        ValueError: an image and a flow of different sizes.
    """
    _check(image, flow)
    x, y = _targets(np.nan_to_num(flow, posinf=0, neginf=0).astype(np.float32))
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def inside(flow: np.ndarray) -> np.ndarray:
    """Whether a pixel's target lies in the picture, bool (H, W); false where the flow is not known."""
    height, width = flow.shape[:2]
    x, y = _targets(flow)
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def consistent(forward: np.ndarray, backward: np.ndarray, relative: float = 0.01, absolute: float = 0.5) -> np.ndarray:
    """Where going forward and back again ends where it began, bool (H, W); false where something is hidden next.

    ``|f + b(x + f)|^2 <= relative (|f|^2 + |b(x + f)|^2) + absolute``, the test of Sundaram et al. (2010).

    Args:
        forward: float32 (H, W, 2) from the first frame to the second.
        backward: the same from the second to the first.
        relative, absolute: of the allowed squared distance; ``absolute`` in square pixels.

    Raises:
        ValueError: flows of different sizes.
    """
    back = warp(backward.astype(np.float32), forward)
    distance = np.square(forward + back).sum(-1)
    allowed = relative * (np.square(forward).sum(-1) + np.square(back).sum(-1)) + absolute
    return inside(forward) & (distance <= allowed)


def move(image: np.ndarray, flow: np.ndarray, fill: bool = True) -> np.ndarray:
    """The first frame moved forward: each pixel is drawn at (x + dx, y + dy), the faster in front of the slower.

    A pixel is shared out over the four nearest ones. What nothing moves to is filled from around it.

    Args:
        image: uint8 (H, W, 3).
        flow: float32 (H, W, 2), finite.
        fill: fill the holes; else they are black.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: an image and a flow of different sizes, or a flow that is not finite.
    """
    _check(image, flow)
    if not np.isfinite(flow).all():
        raise ValueError('a picture cannot be moved by a flow that is not finite everywhere; fill what is not known')
    height, width = flow.shape[:2]
    x, y = (each.ravel() for each in _targets(flow.astype(np.float32)))
    colors = image.reshape(height * width, -1).astype(np.float64)
    # twice as fast is e^4 times as heavy: in front, but with soft edges
    speed = np.linalg.norm(flow, axis=-1).ravel()
    front = np.exp(4 * speed / max(float(speed.max()), 1e-6))
    total, drawn = np.zeros(height * width), np.zeros((height * width, colors.shape[1]))
    covered = np.zeros(height * width)
    left, top = np.floor(x), np.floor(y)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column, row = (left + dx).astype(int), (top + dy).astype(int)
        share = (1 - np.abs(x - column)) * (1 - np.abs(y - row))
        kept = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (share > 0)
        index, weight = (row * width + column)[kept], (share * front)[kept]
        np.add.at(total, index, weight)
        np.add.at(covered, index, share[kept])
        np.add.at(drawn, index, weight[:, None] * colors[kept])
    holes = (covered < 0.25).reshape(height, width)
    picture = (drawn / np.maximum(total, 1e-12)[:, None]).round().clip(0, 255).astype(np.uint8).reshape(image.shape)
    picture[holes] = 0
    if fill and holes.any() and not holes.all():
        picture = cv2.inpaint(picture, holes.astype(np.uint8), FILL_RADIUS, cv2.INPAINT_TELEA)
    return picture
