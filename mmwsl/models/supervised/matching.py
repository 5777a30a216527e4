"""Assignment of boxes to ground truth, and sampling of those to train on (Ren et al. 2015, section 3.1)."""

import torch

from mmwsl.ops import box_iou

NEGATIVE, IGNORED = -1, -2


def assign(boxes, objects, positive, negative, keep_best=False):
    """Assign boxes to ground truth, background or ignore.

    Args:
        boxes: (N, 4).
        objects: (G, 4).
        positive: a box whose best IoU is at least this answers for that object.
        negative: one below this answers for none; what is in between is ignored.
        keep_best: boxes that no other box exceeds for some object are positive whatever their IoU.

    Returns:
        (N,) int64: number of the object, :data:`NEGATIVE` or :data:`IGNORED`.
    """
    matches = torch.full((len(boxes),), NEGATIVE, dtype=torch.long, device=boxes.device)
    if not len(objects) or not len(boxes):
        return matches
    overlap = box_iou(objects, boxes)
    best, owner = overlap.max(dim=0)
    matches[best >= negative] = IGNORED
    matches = torch.where(best >= positive, owner, matches)
    if keep_best:
        highest = overlap.max(dim=1, keepdim=True).values
        matches = torch.where(((overlap == highest) & (highest > 0)).any(dim=0), owner, matches)
    return matches


def sample(matches, count, positive_share):
    """Sample positive and negative boxes to train on.

    Args:
        matches: (N,) of :func:`assign`.
        count: how many at most.
        positive_share: at most this share of ``count`` are positive; negatives fill up the rest.

    Returns:
        tuple: indices of positives and of negatives.
    """
    def draw(mask, most):
        indices = mask.nonzero()[:, 0]
        return indices if len(indices) <= most else indices[torch.randperm(len(indices), device=indices.device)[:most]]

    positives = draw(matches >= 0, int(count * positive_share))
    return positives, draw(matches == NEGATIVE, count - len(positives))
