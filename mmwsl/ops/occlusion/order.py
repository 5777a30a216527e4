"""Which of two objects lies in front of the other: matrices (N, N) int8, ``order[i, j]`` = 1 where i lies in front of
j, -1 where i lies behind j, 0 where neither hides any of the other. ``order == -order.T`` always holds."""

import cv2
import numpy as np


def mask_boxes(masks: np.ndarray) -> np.ndarray:
    """Tight boxes (N, 4) int64 x1 y1 x2 y2 of masks (N, H, W), x2 and y2 exclusive; zeros of an empty mask."""
    boxes = np.zeros((len(masks), 4), dtype=np.int64)
    for box, mask in zip(boxes, masks, strict=True):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if len(rows):
            box[:] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes


def _pairs(boxes: np.ndarray, gap: int) -> list[tuple[int, int]]:
    """Pairs i < j of boxes that have a pixel in common once each has grown by ``gap``; empty ones have none."""
    low, high = boxes[:, :2] - gap, boxes[:, 2:] + gap
    meets = (np.maximum(low[:, None], low) < np.minimum(high[:, None], high)).all(-1)
    some = (boxes[:, 2] > boxes[:, 0])
    return [(i, j) for i, j in np.argwhere(np.triu(meets & some & some[:, None], 1)).tolist()]


def in_contact(masks: np.ndarray, gap: int = 1) -> np.ndarray:
    """Which masks touch once each is dilated by ``gap`` pixels in every direction.

    Args:
        masks: bool (N, H, W); they may overlap, touch the border, or be empty (these touch nothing).
        gap: 1 for masks that were drawn to the pixel; predicted ones leave gaps, and need 3 to 5.

    Returns:
        bool (N, N), symmetric, False on the diagonal.
    """
    boxes, found = mask_boxes(masks), np.zeros((len(masks), len(masks)), dtype=bool)
    height, width = masks.shape[1:]
    kernel = np.ones((2 * gap + 1, 2 * gap + 1), dtype=np.uint8)
    grown: dict[int, np.ndarray] = {}
    for i, j in _pairs(boxes, gap):
        for each in (i, j):
            if each not in grown:
                grown[each] = cv2.dilate(masks[each].astype(np.uint8), kernel).astype(bool)
        x1, y1 = np.maximum(np.maximum(boxes[i, :2], boxes[j, :2]) - gap, 0)
        x2, y2 = np.minimum(np.minimum(boxes[i, 2:], boxes[j, 2:]) + gap, (width, height))
        found[i, j] = found[j, i] = (grown[i][y1:y2, x1:x2] & grown[j][y1:y2, x1:x2]).any()
    return found


def _common(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pixels (N, M) that each mask of ``first`` (N, H, W) has in common with each of ``second`` (M, H, W)."""
    pixels = first.shape[1] * first.shape[2]
    return first.reshape(-1, pixels).astype(np.float32) @ second.reshape(-1, pixels).astype(np.float32).T


def gain_order(gains: np.ndarray) -> np.ndarray:
    """The order of a matrix (N, N): whichever of two gains more beneath the other lies behind it.

    Args:
        gains: ``gains[i, j]``, pixels by which i grows into j when j is taken to hide it.
    """
    return np.sign(gains.T - gains).astype(np.int8)


def overlap_order(modal: np.ndarray, amodal: np.ndarray) -> np.ndarray:
    """The order that whole shapes (N, H, W) and their visible parts imply: i lies in front of j if it is seen where j
    reaches at least as much as j is seen where i reaches; 0 where neither is seen."""
    seen = _common(modal, amodal)  # [i, j]: i is seen where j reaches
    np.fill_diagonal(seen, 0)
    order = np.sign(seen - seen.T).astype(np.int8)
    tied = np.triu((seen == seen.T) & (seen > 0), 1)
    return order + tied.astype(np.int8) - tied.T.astype(np.int8)


def distant_order(order: np.ndarray, modal: np.ndarray, amodal: np.ndarray, gap: int = 1) -> np.ndarray:
    """An order with the pairs that do not touch: of these, what whole shapes imply (:func:`overlap_order`).

    Where one object hides another, a third may lie between, so that the two never touch.

    Args:
        order: (N, N), of pairs in contact; they keep theirs.
        modal, amodal: bool (N, H, W), visible parts and whole shapes.
        gap: see :func:`in_contact`.
    """
    return np.where(in_contact(modal, gap), order, overlap_order(modal, amodal))


def area_order(masks: np.ndarray, larger_in_front: bool = False, gap: int = 1) -> np.ndarray:
    """Of two masks in contact the smaller one lies in front (as in COCOA), or the larger one (KINS)."""
    area = masks.sum((1, 2)).astype(np.int64)
    order = np.sign(area - area[:, None]) * in_contact(masks, gap)
    return (-order if larger_in_front else order).astype(np.int8)


def y_axis_order(masks: np.ndarray, gap: int = 1) -> np.ndarray:
    """Of two masks in contact the one whose center is lower in the image lies in front."""
    rows = np.arange(masks.shape[1]) + 0.5
    center = masks.sum(2) @ rows / np.maximum(masks.sum((1, 2)), 1)
    return (np.sign(center[:, None] - center) * in_contact(masks, gap)).astype(np.int8)


def hulls(masks: np.ndarray) -> np.ndarray:
    """Convex hulls of masks (N, H, W), as pixels; an empty mask has an empty one."""
    filled = np.zeros(masks.shape, dtype=np.uint8)
    for canvas, mask in zip(filled, masks, strict=True):
        points = cv2.findNonZero(mask.astype(np.uint8))
        if points is not None:
            cv2.fillConvexPoly(canvas, cv2.convexHull(points), 1)
    return filled.astype(bool) | masks


def hull_order(masks: np.ndarray, gap: int = 1) -> np.ndarray:
    """Of two masks in contact that one lies behind whose convex hull takes more of the other."""
    return gain_order(_common(hulls(masks), masks) * in_contact(masks, gap))


def ancestors(order: np.ndarray, index: int) -> np.ndarray:
    """Everything that lies in front of object ``index``, or in front of what does, and so on; bool (N,).

    The object itself is never among them, even where the order runs in a circle.
    """
    found, level = np.zeros(len(order), dtype=bool), np.array([index])
    while len(level):
        new = (order[level] < 0).any(0) & ~found
        found |= new
        level = np.flatnonzero(new)
    found[index] = False
    return found


def occluders(order: np.ndarray, direct: bool = False) -> np.ndarray:
    """Row i: what may hide some of object i, bool (N, N): all its ancestors, or with ``direct`` those next to it."""
    if direct or not len(order):
        return order < 0
    return np.stack([ancestors(order, index) for index in range(len(order))])
