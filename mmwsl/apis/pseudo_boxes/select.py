"""Which of the boxes that were found in a photo become its labels."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class Found(NamedTuple):
    """Boxes (N, 4), their classes (N,) and scores (N,)."""
    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def select_boxes(found: Found, tags: np.ndarray, top: int | None = 1, score_threshold: float = 0.0,
                 points: np.ndarray | None = None, counts: Mapping[int, int] | None = None) -> Found:
    """The best boxes of the classes that a photo is known to show.

    Args:
        found: boxes after non-maximum suppression, of any class, in any order.
        tags: (C,) 1 = in the photo; boxes of other classes are left out.
        top: at most so many of each class, the best; None = all.
        score_threshold: those below it are left out.
        points: (P, 3) x, y and class: of a class with points only boxes that hold one of them.
        counts: class -> number of its objects, which takes the place of ``top``.

    Returns:
        Found: class by class, best first.
    """
    rows: list[int] = []
    for label in np.flatnonzero(tags == 1).tolist():
        own = np.flatnonzero((found.labels == label) & (found.scores >= score_threshold))
        if points is not None and (points[:, 2] == label).any():
            own = own[holds_point(found.boxes[own], points[points[:, 2] == label, :2])]
        own = own[np.argsort(-found.scores[own], kind='stable')]
        rows += own[:(counts or {}).get(label, top)].tolist()
    return Found(*(each[rows] for each in found))


def holds_point(boxes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N,) bool, whether each of the boxes (N, 4) holds one of the points (P, 2); x2 and y2 are exclusive."""
    inside = (points[None] >= boxes[:, None, :2]) & (points[None] < boxes[:, None, 2:])
    return np.any(np.all(inside, axis=2), axis=1)
