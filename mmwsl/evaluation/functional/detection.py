"""Detection AP of the PASCAL VOC challenges."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mmwsl.evaluation.functional.average_precision import average_precision
from mmwsl.ops import box_iou


def match_detections(boxes: np.ndarray, scores: np.ndarray, true_boxes: np.ndarray, difficult: np.ndarray | None = None,
                     iou_threshold: float = 0.5) -> np.ndarray:
    """Match detections to ground truth: hit, miss or ignored; one class on one image.

    Every detection belongs to the object it overlaps most. If that overlap is large enough, the best-scored detection
    of an object is a hit and the others are misses; those of a difficult object count as neither.

    Args:
        boxes: (D, 4); equal scores keep their order.
        scores: (D,).
        true_boxes: (G, 4).
        difficult: (G,) of bool; None: no object is.
        iou_threshold: least IoU of a hit, itself included.

    Returns:
        (D,) int array in the order of ``boxes``: 1 hit, 0 miss, -1 neither.
    """
    verdict = np.zeros(len(boxes), dtype=int)
    if not len(boxes) or not len(true_boxes):
        return verdict
    difficult = np.zeros(len(true_boxes), dtype=bool) if difficult is None else np.asarray(difficult, dtype=bool)
    found, objects = (torch.as_tensor(np.asarray(each, float)) for each in (boxes, true_boxes))
    overlap = box_iou(found, objects).numpy()
    owner = overlap.argmax(1)
    near = overlap.max(1) >= iou_threshold
    order = np.argsort(-np.asarray(scores, float), kind='stable')
    order = order[near[order] & ~difficult[owner[order]]]
    verdict[order[np.unique(owner[order], return_index=True)[1]]] = 1  # the first of each object
    verdict[near & difficult[owner]] = -1
    return verdict


def detection_average_precision(predictions: Sequence[Mapping[str, Any]], truths: Sequence[Mapping[str, Any]],
                                num_classes: int, iou_threshold: float = 0.5, mode: str = 'all_points') -> np.ndarray:
    """Average precision of each class over a set of images.

    VOC07's tables are ``mode='11_points'``; from 2010 on it is 'all_points'. With x2 and y2 exclusive no pixel is
    added to widths, as VOC's own tools do whose boxes end on the last pixel inside. Equal scores rank in their order,
    as there.

    Args:
        predictions: for each image a dict of ``boxes`` (D, 4), ``scores`` (D,) and ``labels`` (D,).
        truths: for each image a dict of ``boxes`` (G, 4), ``labels`` (G,) and perhaps ``difficult`` (G,).
        num_classes: classes are numbered from 0.
        iou_threshold: see :func:`match_detections`.
        mode: see :func:`average_precision`.

    Returns:
        (num_classes,) array in [0, 1], NaN for classes without an object that is not difficult.

    Raises:
        ValueError: not as many predictions as truths, a label that is no class, a NaN score.
    """
    if len(predictions) != len(truths):
        raise ValueError(f'{len(predictions)} images with predictions, {len(truths)} with truths; give each image both')
    scores: list[list[np.ndarray]] = [[] for _ in range(num_classes)]
    verdicts: list[list[np.ndarray]] = [[] for _ in range(num_classes)]
    positives = np.zeros(num_classes, dtype=int)
    for number, (found, true) in enumerate(zip(predictions, truths, strict=True)):
        found_labels, true_labels = np.asarray(found['labels'], int), np.asarray(true['labels'], int)
        difficult = np.asarray(true.get('difficult', np.zeros(len(true_labels))), dtype=bool)
        present = np.union1d(found_labels, true_labels)
        if len(present) and not 0 <= present[0] <= present[-1] < num_classes:
            raise ValueError(f'image {number} has labels from {present[0]} to {present[-1]}, there are {num_classes} '
                             'classes, numbered from 0')
        for label in present:
            these, objects = found_labels == label, true_labels == label
            boxes, values = np.asarray(found['boxes'])[these], np.asarray(found['scores'])[these]
            verdicts[label].append(match_detections(boxes, values, np.asarray(true['boxes'])[objects],
                                                    difficult[objects], iou_threshold))
            scores[label].append(values)
            positives[label] += (~difficult[objects]).sum()
    return np.array([
        average_precision(np.concatenate([*score, []]), np.concatenate([*verdict, []]), mode, count, 'in_order')
        for score, verdict, count in zip(scores, verdicts, positives.tolist(), strict=True)])
