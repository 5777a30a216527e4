"""Points of a flow that tell most of it: on a grid, and in the middle of what moves together (Zhan et al. 2019)."""

import cv2
import numpy as np

EDGE = 0.1  # share of the strongest edge above which a pixel is one
LEAST = 0.01  # the strongest edge counts as this at least, so that a still flow has none


def grid_points(height: int, width: int, stride: int) -> np.ndarray:
    """Points every ``stride`` pixels, int64 (P, 2) of x and y; the first lies half a stride from the corner.

    Raises:
        ValueError: a stride below 1.
    """
    if stride < 1:
        raise ValueError(f'a grid of stride {stride} is impossible; it is 1 or more')
    ys, xs = np.arange(stride // 2, height, stride), np.arange(stride // 2, width, stride)
    return np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)


def watershed_points(flow: np.ndarray, kernel: int, generator: np.random.Generator) -> np.ndarray:
    """Points far from every edge of the flow, int64 (P, 2) of x and y.

    Edges are where the Sobel gradient of the flow, summed over its channels and divided by its largest value, is above
    0.1. Of the distance to them the maxima within ``kernel`` x ``kernel`` are kept that do not lie on the border, and
    of those within ``(kernel - 1) / 2`` of one another one, chosen at random.

    Args:
        flow: float32 (H, W, 2), finite.
        kernel: odd side of the window.
        generator: of the choice.

    Raises:
        ValueError: an even kernel, or one below 3.
    """
    if kernel < 3 or kernel % 2 == 0:
        raise ValueError(f'kernel={kernel} must be odd and 3 or more')
    flow = np.ascontiguousarray(flow, np.float32)
    gradient = sum(np.abs(cv2.Sobel(flow, cv2.CV_32F, *order)).sum(-1) for order in ((1, 0), (0, 1)))
    gradient = gradient / max(float(np.max(gradient)), LEAST)
    free = (gradient <= EDGE).astype(np.uint8)
    if free.all():
        return np.zeros((0, 2), np.int64)
    distance = cv2.distanceTransform(free, cv2.DIST_L2, 5)
    highest = cv2.dilate(distance, np.ones((kernel, kernel), np.uint8))
    ys, xs = np.nonzero((distance == highest) & (distance > 0))
    height, width = free.shape
    inner = (xs > 0) & (ys > 0) & (xs < width - 1) & (ys < height - 1)
    points = generator.permutation(np.stack([xs, ys], -1)[inner])
    return _thinned(points, (kernel - 1) // 2)


def _thinned(points: np.ndarray, radius: int) -> np.ndarray:
    """The points without those that have an earlier one within ``radius`` on both axes."""
    kept: list[np.ndarray] = []
    for point in points:
        if all(np.abs(point - other).max() > radius for other in kept):
            kept.append(point)
    return np.array(kept, np.int64).reshape(-1, 2)


def guidance_points(flow: np.ndarray, stride: int, kernel: int, generator: np.random.Generator,
                    most: int | None = None) -> np.ndarray:
    """The points of :func:`grid_points` and :func:`watershed_points`, each once, int64 (P, 2) of x and y.

    Args:
        flow: float32 (H, W, 2), finite.
        stride, kernel: of the two.
        generator: of every choice.
        most: keep so many, at random; None = all.
    """
    found = [grid_points(flow.shape[0], flow.shape[1], stride), watershed_points(flow, kernel, generator)]
    points = np.unique(np.concatenate(found), axis=0)
    return points if most is None or len(points) <= most else generator.permutation(points)[:most]


def sparse_motion(flow: np.ndarray, points: np.ndarray) -> np.ndarray:
    """What is told of a flow: float32 (3, H, W), dx, dy and 1 at the points, 0 elsewhere.

    Args:
        flow: float32 (H, W, 2).
        points: int (P, 2) of x and y, inside.
    """
    sparse = np.zeros((3, *flow.shape[:2]), np.float32)
    x, y = points.T
    sparse[:2, y, x], sparse[2, y, x] = flow[y, x].T, 1
    return sparse


def sparse_of_arrows(arrows: np.ndarray, height: int, width: int) -> np.ndarray:
    """The same of arrows that a person drew: float32 (3, H, W).

    Args:
        arrows: float (A, 4): x, y of a point and dx, dy of its motion, in pixels.

    Raises:
        ValueError: no such array, no finite numbers, or a point outside of the picture.
    """
    arrows = np.asarray(arrows, np.float32)
    if arrows.ndim != 2 or arrows.shape[1] != 4:
        raise ValueError(f'arrows are of shape {arrows.shape}; each is four numbers x, y, dx, dy')
    if not np.isfinite(arrows).all():
        raise ValueError('an arrow holds what is no number (nan, inf); each is four numbers x, y, dx, dy')
    x, y = arrows[:, 0].round().astype(int), arrows[:, 1].round().astype(int)
    beyond = (x < 0) | (x >= width) | (y < 0) | (y >= height)
    if beyond.any():
        raise ValueError(f'an arrow begins at {tuple(arrows[beyond][0, :2].tolist())}, outside of a picture of '
                         f'{width} x {height} pixels')
    sparse = np.zeros((3, height, width), np.float32)
    sparse[:2, y, x], sparse[2, y, x] = arrows[:, 2:].T, 1
    return sparse
