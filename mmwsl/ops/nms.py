"""Non-maximum suppression: of boxes that overlap, the one with the highest score stays."""

from collections.abc import Mapping
from typing import Any

import torch

from mmwsl.compat import compiled_ops
from mmwsl.ops.boxes import box_iou, check_boxes
from mmwsl.ops.fast_nms import fast_nms_by_label

BLOCK = 1024
GROUPED_BLOCK = 128  # across the border of two groups a block compares in vain


def nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int = 0, score_threshold: float = 0,
        max_num: int = -1) -> tuple[torch.Tensor, torch.Tensor]:
    """Greedy non-maximum suppression, with the arguments and results of ``mmcv.ops.nms``.

    Args:
        boxes: (N, 4) x1 y1 x2 y2.
        scores: (N,). Equal scores keep their order.
        iou_threshold: a box goes if its IoU with a better one that stays is larger.
        offset: 0, or 1 where x2 and y2 count as inside.
        score_threshold: boxes with a score not above it go first, if it is positive.
        max_num: at most so many stay; -1 for all.

    Returns:
        tuple: (K, 5) boxes with scores, best first, and (K,) int64, which they are.

    Raises:
        ValueError: shapes that do not belong together.
    """
    _check(boxes, scores)
    compiled = compiled_ops()
    if compiled and boxes.dtype == scores.dtype == torch.float32:
        return compiled.nms(boxes, scores, iou_threshold, offset, score_threshold, max_num)
    return _finish(boxes, scores, _greedy(boxes, scores, iou_threshold, offset, score_threshold, max_num))


def soft_nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float = 0.3, sigma: float = 0.5,
             min_score: float = 1e-3, method: str = 'linear', offset: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Soft-NMS (Bodla et al. 2017): scores fall with the overlap, nothing goes until they are small.

    Args:
        boxes, scores, offset: as for :func:`nms`.
        iou_threshold: 'linear' multiplies scores by 1 - IoU from this IoU on, 'naive' by 0.
        sigma: 'gaussian' multiplies them by exp(-IoU^2 / sigma).
        min_score: boxes whose score falls below go.
        method: 'linear', 'gaussian' or 'naive'.

    Returns:
        tuple: (K, 5) boxes with their lowered scores, in the order they were chosen, and (K,) int64, which they are.

    Raises:
        ValueError: shapes that do not belong together, or an unknown method.
    """
    _check(boxes, scores)
    if method not in ('linear', 'gaussian', 'naive'):
        raise ValueError(f'method={method!r} is unknown; choose one of linear, gaussian, naive')
    compiled = compiled_ops()
    if compiled and boxes.dtype == scores.dtype == torch.float32:
        return compiled.soft_nms(boxes, scores, iou_threshold, sigma, min_score, method, offset)
    return _soft(boxes, scores, torch.zeros_like(scores), iou_threshold, sigma, min_score, method, offset)


def batched_nms(boxes: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor, nms_cfg: Mapping[str, Any],
                class_agnostic: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Suppression among boxes of the same label only.

    Labels are compared, where ``mmcv.ops.batched_nms`` moves each class to a place of its own, which rounds the
    coordinates of the later classes.

    Args:
        boxes, scores: as for :func:`nms`.
        labels: (N,) int64; or the level, or the image, whatever must not mix.
        nms_cfg: dict of ``type`` ('nms', 'soft_nms', or 'fast_nms' with ``top_k``) and its arguments; ``max_num``
            counts over all labels.
        class_agnostic: suppress across labels after all.

    Returns:
        tuple: (K, 5) boxes with scores, best first, and (K,) int64, which they are.

    Raises:
        ValueError: shapes that do not belong together, or an unknown type.
    """
    _check(boxes, scores)
    if labels.shape != scores.shape:
        raise ValueError(f'{len(scores)} scores need labels of the same shape; got {tuple(labels.shape)}')
    options = dict(nms_cfg)
    kind, max_num = options.pop('type', 'nms'), options.pop('max_num', -1)
    groups = None if options.pop('class_agnostic', class_agnostic) else labels
    options.pop('split_thr', None)  # mmcv's memory limit; here it is always bounded
    if kind == 'nms':
        return _finish(boxes, scores, _greedy(boxes, scores, max_num=max_num, groups=groups, **options))
    if kind == 'fast_nms':
        kept = fast_nms_by_label(boxes, scores, torch.zeros_like(labels) if groups is None else labels, **options)
        return _finish(boxes, scores, kept[:max_num] if max_num >= 0 else kept)
    if kind != 'soft_nms':
        raise ValueError(f'nms_cfg has type={kind!r}; choose nms, soft_nms or fast_nms')
    found, kept = _soft(boxes, scores, torch.zeros_like(scores) if groups is None else groups, **options)
    return (found[:max_num], kept[:max_num]) if max_num >= 0 else (found, kept)


def _check(boxes: torch.Tensor, scores: torch.Tensor) -> None:
    check_boxes(boxes)
    if scores.shape != boxes.shape[:1]:
        raise ValueError(f'{len(boxes)} boxes need scores ({len(boxes)},); got {tuple(scores.shape)}')


def _finish(boxes: torch.Tensor, scores: torch.Tensor, kept: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.cat([boxes[kept], scores[kept, None]], dim=1), kept


@torch.no_grad()
def _greedy(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int = 0,
            score_threshold: float = 0, max_num: int = -1, groups: torch.Tensor | None = None) -> torch.Tensor:
    """(K,) int64, what stays, best first.

    Boxes are taken in blocks of falling score. What the boxes that already stay suppress goes at once. Within the block
    "i stays unless a better one that stays suppresses it" is repeated until nothing changes: after t rounds the
    verdicts on the first t boxes are final, and in practice a few rounds are enough. The result is that of the loop.
    Groups are taken one after the other, each compared with its own boxes alone; where only few boxes are asked for,
    by falling score over all groups, so that it ends early.
    """
    order = scores.argsort(descending=True, stable=True)
    if score_threshold > 0:
        order = order[scores[order] > score_threshold]
    boxes = boxes.float() if boxes.dtype in (torch.float16, torch.bfloat16) else boxes
    by_group = groups is not None and not 0 <= max_num <= BLOCK
    walk = order[groups[order].argsort(stable=True)] if groups is not None and by_group else order
    rivals, stayed = order[:0], torch.zeros_like(scores, dtype=torch.bool)

    def suppresses(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        found = box_iou(boxes[first], boxes[second], offset=offset) > iou_threshold
        return found if groups is None else found & (groups[first][:, None] == groups[second])

    for block in walk.split(GROUPED_BLOCK if by_group else BLOCK):
        last = block[-1:]
        block = block[~suppresses(rivals, block).any(0)]
        within = suppresses(block, block).triu(1)
        stays, before = ~within.any(0), None
        while before is None or not torch.equal(stays, before):
            before, stays = stays, ~(within & stays[:, None]).any(0)
        stayed[block[stays]] = True
        rivals = torch.cat([rivals, block[stays]])
        if groups is not None and by_group:  # only the group that goes on has rivals in the next block
            rivals = rivals[groups[rivals] == groups[last]]
        elif 0 <= max_num <= len(rivals):
            break
    kept = order[stayed[order]]
    return kept[:max_num] if max_num >= 0 else kept


@torch.no_grad()
def _soft(boxes: torch.Tensor, scores: torch.Tensor, groups: torch.Tensor, iou_threshold: float = 0.3,
          sigma: float = 0.5, min_score: float = 1e-3, method: str = 'linear',
          offset: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    scores, waiting = scores.clone(), torch.ones_like(scores, dtype=torch.bool)
    chosen, values = [], []
    for _ in range(len(boxes)):
        best = torch.where(waiting, scores, -torch.inf).argmax()
        chosen.append(best)
        values.append(scores[best].clone())
        waiting[best] = False
        overlap = box_iou(boxes[best, None], boxes, offset=offset)[0] * (groups == groups[best])
        if method == 'gaussian':
            weight = (-overlap.square() / sigma).exp()
        else:
            weight = torch.where(overlap >= iou_threshold, 1 - overlap if method == 'linear' else 0, 1)
        scores = scores * weight.to(scores.dtype)
        waiting &= scores >= min_score
        if not waiting.any():
            break
    kept = torch.stack(chosen) if chosen else torch.empty(0, dtype=torch.long, device=boxes.device)
    values = torch.stack(values) if values else scores
    return torch.cat([boxes[kept], values[:, None]], dim=1), kept
