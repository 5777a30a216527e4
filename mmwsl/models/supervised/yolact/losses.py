"""YOLACT's losses as sums over anchors, which the model divides by the number of positive ones of all ranks."""

import torch
import torch.nn.functional as F

from mmwsl.models.supervised.yolact.anchors import NEUTRAL
from mmwsl.ops import encode_boxes

STDS = (0.1, 0.1, 0.2, 0.2)


def class_loss(logits, targets, matches, ratio=3):
    """Cross-entropy of the positive anchors of an image and of its hardest background anchors, summed.

    Args:
        logits: (A, C + 1); the last class is the background.
        targets: (A,) classes, C where an anchor is background.
        matches: (A,) of :func:`match_anchors`.
        ratio: so many background anchors for each positive one: those that look least like background.
    """
    positive = matches >= 0
    with torch.no_grad():
        hardness = logits.logsumexp(dim=1) - logits[:, -1]
        hardness = hardness.masked_fill(positive | (matches == NEUTRAL), -1)  # of the others it is above 0
        order = hardness.argsort(descending=True)
        rank = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        chosen = positive | ((rank < ratio * positive.sum()) & (hardness >= 0))
    return (F.cross_entropy(logits, targets, reduction='none') * chosen).sum()


def box_loss(deltas, anchors, objects):
    """Smooth L1 between predicted and true deltas, summed.

    Args:
        deltas: (P, 4) of the positive anchors.
        anchors: (P, 4).
        objects: (P, 4), the box that each answers for.
    """
    targets = encode_boxes(anchors, objects, stds=STDS).to(deltas.dtype)
    return F.smooth_l1_loss(deltas, targets, reduction='sum')


def semantic_loss(logits, masks, labels):
    """Binary cross-entropy of "an object of this class covers this pixel", summed over classes, the mean of pixels.

    Args:
        logits: (C, h, w).
        masks: (G, h, w) of 0 and 1.
        labels: (G,) their classes.
    """
    target = torch.zeros_like(logits).index_add(0, labels, masks.to(logits.dtype)).clamp(max=1)
    return F.binary_cross_entropy_with_logits(logits, target, reduction='none').sum(0).mean()
