"""Correct localization (Deselaers et al. 2012): how often the best box of a class that is there lies on it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mmwsl.ops import box_iou


def correct_localization(boxes: Sequence[Any], truths: Sequence[Mapping[str, Any]], num_classes: int,
                         iou_threshold: float = 0.5) -> np.ndarray:
    """CorLoc of each class: the share of the images with it whose best box of it overlaps one of its objects.

    Args:
        boxes: for each image (C, 4), the best box of each class; NaN where there is none, which is a miss.
        truths: for each image a dict of ``boxes`` (G, 4) and ``labels`` (G,); difficult objects count as others do.
        num_classes: C, classes are numbered from 0.
        iou_threshold: the IoU must be above it.

    Returns:
        (C,) array in [0, 1], NaN for classes that no image has.

    Raises:
        ValueError: not as many boxes as truths, boxes of another shape, or a label that is no class.
    """
    if len(boxes) != len(truths):
        raise ValueError(f'{len(boxes)} images with boxes, {len(truths)} with truths; give each image both')
    hits, images = np.zeros(num_classes), np.zeros(num_classes)
    for number, (best, truth) in enumerate(zip(boxes, truths, strict=True)):
        found = torch.from_numpy(np.array(best, dtype=float))
        if found.shape != (num_classes, 4):
            raise ValueError(f'image {number} has boxes of shape {tuple(found.shape)}; one of each class is '
                             f'({num_classes}, 4)')
        labels = np.asarray(truth['labels'], dtype=int)
        if len(labels) and not 0 <= labels.min() <= labels.max() < num_classes:
            raise ValueError(f'image {number} has labels from {labels.min()} to {labels.max()}, there are '
                             f'{num_classes} classes, numbered from 0')
        objects = torch.as_tensor(np.asarray(truth['boxes'], dtype=float).reshape(-1, 4))
        for label in np.unique(labels):
            overlap = box_iou(found[label][None], objects[torch.from_numpy(labels == label)])
            hits[label] += float((overlap > iou_threshold).any())
            images[label] += 1
    return np.divide(hits, images, out=np.full(num_classes, np.nan), where=images > 0)
