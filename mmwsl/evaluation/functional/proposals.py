"""Recall of proposals: how many objects have a box near them."""

from collections.abc import Sequence

import numpy as np
import torch

from mmwsl.ops import box_iou

AVERAGED = tuple(np.arange(50, 100, 5) / 100)  # IoUs from 0.5 to 0.95, as COCO averages


def best_overlaps(proposals: Sequence[np.ndarray], truths: Sequence[np.ndarray],
                  counts: Sequence[int]) -> np.ndarray:
    """The largest IoU of every object with one of the first N proposals of its image.

    Args:
        proposals: for each image boxes (P, 4), best first.
        truths: for each image boxes (G, 4) of its objects.
        counts: the Ns.

    Returns:
        (len(counts), objects of all images) float array; 0 where there is no proposal.

    Raises:
        ValueError: not as many images with proposals as with truths, or a count below 1.
    """
    if len(proposals) != len(truths):
        raise ValueError(f'{len(proposals)} images with proposals, {len(truths)} with objects; give each image both')
    if any(count < 1 for count in counts):
        raise ValueError(f'counts={list(counts)}: give numbers of proposals from 1 on')
    found = []
    for boxes, objects in zip(proposals, truths, strict=True):
        first, second = (torch.as_tensor(np.asarray(each, float).reshape(-1, 4)) for each in (boxes, objects))
        overlap = box_iou(first, second).numpy()
        best = [overlap[:count].max(0, initial=0) for count in counts]
        found.append(np.array(best).reshape(len(counts), len(objects)))
    return np.concatenate(found, axis=1) if found else np.zeros((len(counts), 0))


def proposal_recall(proposals: Sequence[np.ndarray], truths: Sequence[np.ndarray],
                    counts: Sequence[int] = (100, 1000, 2000),
                    iou_thresholds: Sequence[float] = (0.5, 0.7, 0.9)) -> np.ndarray:
    """Share of the objects that one of the first N proposals of their image overlaps by at least an IoU.

    An object counts by itself: a proposal may serve several.

    Args:
        proposals, truths, counts: see :func:`best_overlaps`.
        iou_thresholds: least IoU, itself included.

    Returns:
        (len(counts), len(iou_thresholds)) array in [0, 1]; NaN if there are no objects.

    Raises:
        ValueError: see :func:`best_overlaps`.
    """
    best = best_overlaps(proposals, truths, counts)
    if not best.shape[1]:
        return np.full((len(counts), len(iou_thresholds)), np.nan)
    return np.stack([(best >= threshold).mean(1) for threshold in iou_thresholds], axis=1)


def average_recall(proposals: Sequence[np.ndarray], truths: Sequence[np.ndarray],
                   counts: Sequence[int] = (100, 1000, 2000)) -> np.ndarray:
    """Mean of the recall at IoU 0.5, 0.55 ... 0.95, at each N; see :func:`proposal_recall`.

    Returns:
        (len(counts),) array in [0, 1]; NaN if there are no objects.

    Raises:
        ValueError: see :func:`best_overlaps`.
    """
    return proposal_recall(proposals, truths, counts, AVERAGED).mean(1)
