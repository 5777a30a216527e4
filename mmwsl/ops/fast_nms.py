"""Fast NMS (Bolya et al. 2019): boxes that are suppressed already suppress others too, so no loop is left."""

import torch

from mmwsl.ops.boxes import box_iou, check_boxes


def fast_nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float = 0.5, top_k: int = 200,
             max_num: int = 100, class_agnostic: bool = False) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Suppress boxes that every class shares, all classes at once.

    A box goes if its IoU with any box of a higher score is above the threshold, whether that one stays or not: never
    more boxes stay than by :func:`mmwsl.ops.nms`. Shapes follow from those of the arguments alone, so nothing waits for
    the device, and it can be exported.

    Args:
        boxes: (N, 4) x1 y1 x2 y2.
        scores: (N, C) of each class. Rows of zeros are no boxes.
        iou_threshold: largest IoU of boxes that both stay.
        top_k: so many boxes of each class take part, the best ones.
        max_num: at most so many stay, over all classes.
        class_agnostic: a box has its best class alone, and suppresses those of other classes too ("cross-class").

    Returns:
        tuple: scores (K,), labels (K,) and numbers (K,) int64 of the boxes that stay, best first; K is the smaller of
        ``max_num`` and the number of candidates. What is left over at the end has the score 0.

    Raises:
        ValueError: shapes that do not belong together.
    """
    check_boxes(boxes)
    if scores.ndim != 2 or len(scores) != len(boxes):
        raise ValueError(f'{len(boxes)} boxes need scores ({len(boxes)}, C); got {tuple(scores.shape)}')
    if not scores.numel():
        nothing = torch.zeros(0, dtype=torch.int64, device=scores.device)
        return scores.new_zeros(0), nothing, nothing
    values, labels = scores.T, torch.arange(scores.shape[1], device=scores.device)[:, None]
    if class_agnostic:
        values, labels = (each[None] for each in scores.max(dim=1))
    values, index = values.topk(min(top_k, len(boxes)), dim=1)  # (C, k)
    labels = labels.gather(1, index) if class_agnostic else labels.expand_as(index)
    if len(boxes)**2 <= index.numel() * index.shape[1]:
        overlap = box_iou(boxes, boxes)[index[:, :, None], index[:, None]]  # once, instead of once a class
    else:
        overlap = _pairwise_iou(boxes[index])
    values = values * _stays(overlap, iou_threshold)
    best, order = values.flatten().topk(min(max_num, values.numel()))
    return best, labels.flatten()[order], index.flatten()[order]


def fast_nms_by_label(boxes: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor, iou_threshold: float,
                      top_k: int = 200, score_threshold: float = 0) -> torch.Tensor:
    """As :func:`fast_nms`, of boxes that have one label each.

    Args:
        boxes, iou_threshold, top_k: see there.
        scores, labels: (N,).
        score_threshold: boxes with a score not above it go first, if it is positive.

    Returns:
        (K,) int64, which boxes stay, best first.
    """
    order = scores.argsort(descending=True, stable=True)
    if score_threshold > 0:
        order = order[scores[order] > score_threshold]
    if not len(order):
        return order
    grouped = order[labels[order].argsort(stable=True)]  # by label, best first
    counts = labels[grouped].unique_consecutive(return_counts=True)[1]
    row = torch.arange(len(counts), device=labels.device).repeat_interleave(counts)
    column = torch.arange(len(grouped), device=labels.device) - (counts.cumsum(0) - counts)[row]
    taken = column < top_k
    row, column, grouped = row[taken], column[taken], grouped[taken]
    padded = boxes.new_zeros(len(counts), min(int(counts.max()), top_k), 4)  # empty boxes overlap nothing
    padded[row, column] = boxes[grouped]
    kept = grouped[_stays(_pairwise_iou(padded), iou_threshold)[row, column]]
    return kept[scores[kept].argsort(descending=True, stable=True)]


def _stays(overlap: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """(C, k) bool, of overlaps (C, k, k) of boxes that are in order."""
    return overlap.triu(1).amax(dim=1) <= iou_threshold


def _pairwise_iou(boxes: torch.Tensor) -> torch.Tensor:
    """(C, k, k) of boxes (C, k, 4)."""
    top_left = torch.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    shared = (torch.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:]) - top_left).clamp(min=0).prod(-1)
    area = (boxes[..., 2:] - boxes[..., :2]).prod(-1)
    union = area[:, :, None] + area[:, None] - shared
    return torch.where(union > 0, shared / torch.where(union > 0, union, 1), 0)
