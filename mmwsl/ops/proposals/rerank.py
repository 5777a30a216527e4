"""Proposals put in a new order by the boxes of a network."""

import numpy as np
import torch

from mmwsl.ops.boxes import box_iou


def rerank(boxes: np.ndarray, found: np.ndarray, objectness: np.ndarray, top: int | None = None,
           max_boxes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Order proposals by how well a network's boxes confirm them: s'(p) = max over boxes b of IoU(p, b) objectness(b).

    The proposals stay where they are: a network that saw few kinds of objects is precise where it says something, and
    what it does not overlap comes last, in the order that it had.

    Args:
        boxes: (N, 4) x1 y1 x2 y2, best first.
        found: (M, 4) boxes of the network.
        objectness: (M,) in [0, 1].
        top: so many of them, those of the highest objectness, count; None = all.
        max_boxes: so many proposals stay; None = all.

    Returns:
        tuple: boxes (N, 4) float32 in the new order, and their s' (N,) float32, falling. Equal ones keep their order.

    Raises:
        ValueError: shapes that do not fit together, or a number below 1.
    """
    boxes, found = (np.asarray(each, np.float32) for each in (boxes, found))
    objectness = np.asarray(objectness, np.float32)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or found.ndim != 2 or found.shape[1] != 4 or objectness.shape != (
            len(found),):
        raise ValueError(f'rerank takes proposals (N, 4), boxes (M, 4) and objectness (M,); got {boxes.shape}, '
                         f'{found.shape} and {objectness.shape}')
    if any(count is not None and count < 1 for count in (top, max_boxes)):
        raise ValueError(f'top={top} and max_boxes={max_boxes} must be 1 or more, or None for all')
    best = np.argsort(-objectness, kind='stable')[:top]
    scores = np.zeros(len(boxes), np.float32)
    if len(best):
        overlaps = box_iou(torch.from_numpy(boxes), torch.from_numpy(found[best])).numpy()
        scores = (overlaps * objectness[best]).max(1, initial=0)
    order = np.argsort(-scores, kind='stable')[:max_boxes]
    return boxes[order], scores[order]
