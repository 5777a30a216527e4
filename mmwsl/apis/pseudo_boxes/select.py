"""Which of the boxes that were found in a photo become its labels."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

HELD = 0.9  # share of a stroke that a box has to hold: an annotator's hand slips


class Stroke(NamedTuple):
    """Points (P, 2) along a scribble, evenly spaced, and its class; -1 = background."""
    label: int
    points: np.ndarray


class Found(NamedTuple):
    """Boxes (N, 4), their classes (N,) and scores (N,)."""
    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def select_boxes(found: Found, tags: np.ndarray, top: int | None = 1, score_threshold: float = 0.0,
                 points: np.ndarray | None = None, counts: Mapping[int, int] | None = None,
                 strokes: Sequence[Stroke] = ()) -> Found:
    """The best boxes of the classes that a photo is known to show.

    Args:
        found: boxes after non-maximum suppression, of any class, in any order.
        tags: (C,) 1 = in the photo; boxes of other classes are left out.
        top: at most so many of each class, the best; None = all.
        score_threshold: those below it are left out.
        points: (P, 3) x, y and class: of a class with points only boxes that hold one of them.
        counts: class -> number of its objects, which takes the place of ``top``.
        strokes: of a class with strokes only boxes that hold ``HELD`` of one of them; and no box that holds as much of
            a stroke of the background.

    Returns:
        Found: class by class, best first.
    """
    rows: list[int] = []
    usable = ~holds_stroke(found.boxes, [each for each in strokes if each.label < 0])
    for label in np.flatnonzero(tags == 1).tolist():
        own = np.flatnonzero((found.labels == label) & (found.scores >= score_threshold) & usable)
        if points is not None and (points[:, 2] == label).any():
            own = own[holds_point(found.boxes[own], points[points[:, 2] == label, :2])]
        drawn = [each for each in strokes if each.label == label]
        if drawn:
            own = own[holds_stroke(found.boxes[own], drawn)]
        own = own[np.argsort(-found.scores[own], kind='stable')]
        rows += own[:(counts or {}).get(label, top)].tolist()
    return Found(*(each[rows] for each in found))


def holds_point(boxes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N,) bool, whether each of the boxes (N, 4) holds one of the points (P, 2); x2 and y2 are exclusive."""
    inside = (points[None] >= boxes[:, None, :2]) & (points[None] < boxes[:, None, 2:])
    return np.any(np.all(inside, axis=2), axis=1)


def holds_stroke(boxes: np.ndarray, strokes: Sequence[Stroke], share: float = HELD) -> np.ndarray:
    """(N,) bool, whether each of the boxes (N, 4) holds at least ``share`` of the points of one of the strokes."""
    held = np.zeros(len(boxes), dtype=bool)
    for stroke in strokes:
        inside = (stroke.points[None] >= boxes[:, None, :2]) & (stroke.points[None] < boxes[:, None, 2:])
        held |= inside.all(axis=2).mean(axis=1) >= share
    return held
