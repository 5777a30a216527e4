"""YOLACT's anchors, and which object each answers for."""

import torch

from mmwsl.ops import box_iou

NEUTRAL, BACKGROUND = -2, -1


def level_anchors(sizes, image_size, scales, ratios=(1.0, 0.5, 2.0), square=True, device=None):
    """Anchors around the centers of the cells of every feature map, in pixels of the input.

    Args:
        sizes: (height, width) of each map, finest first.
        image_size: (height, width) of the input.
        scales: side in pixels of each map's anchors at the ratio 1.
        ratios: width / height.
        square: the height is set to the width, as in the published weights: sides of scale x sqrt(ratio).

    Returns:
        list of (height x width x len(ratios), 4), row by row, the ratio fastest.
    """
    stretch, anchors = torch.tensor(ratios, dtype=torch.float32, device=device).sqrt(), []
    for (height, width), scale in zip(sizes, scales, strict=True):
        half = torch.stack([scale * stretch, scale * (stretch if square else 1 / stretch)], dim=1) / 2
        y, x = ((torch.arange(count, device=device) + 0.5) * side / count
                for count, side in zip((height, width), image_size, strict=True))
        center = torch.stack(torch.meshgrid(y, x, indexing='ij')[::-1], dim=-1).reshape(-1, 1, 2)
        anchors.append(torch.cat([center - half, center + half], dim=-1).reshape(-1, 4))
    return anchors


@torch.no_grad()
def match_anchors(anchors, objects, crowds, positive=0.5, negative=0.4, crowd=0.7):
    """Match anchors to objects; every object gets an anchor of its own.

    The best pair of an object and an anchor is matched first whatever its IoU, then the best of the others, and so on
    until no object is left. Background anchors that lie in a crowd, by at least the share ``crowd``, are neutral.

    Args:
        anchors: (A, 4).
        objects: (G, 4), none without area.
        crowds: (K, 4), boxes of many objects.
        positive, negative: an anchor answers for the object of its best IoU from the first on, and is background below
            the second; between them it is neutral.
        crowd: see above.

    Returns:
        (A,) int64: number of the object, :data:`BACKGROUND` or :data:`NEUTRAL`.
    """
    matches = torch.full((len(anchors),), BACKGROUND, dtype=torch.int64, device=anchors.device)
    if len(objects):
        overlap = box_iou(anchors, objects)
        best, owner = overlap.max(dim=1)
        matches[best >= negative] = NEUTRAL
        matches = torch.where(best >= positive, owner, matches)
        _match_best_pairs(overlap, matches)
    if len(crowds):
        inside = box_iou(anchors, crowds, mode='iof').amax(dim=1) > crowd
        matches[(matches < 0) & inside] = NEUTRAL
    return matches


def _match_best_pairs(overlap, matches):
    """Write into ``matches`` (A,) the pairs of the best overlaps (A, G), each anchor and each object once.

    All pairs that are best for both sides are what the best pair, then the best of the rest, and so on would be, but in
    a few rounds instead of one an object. Rows of ``overlap`` are overwritten.
    """
    left = torch.arange(overlap.shape[1], device=overlap.device)
    while len(left):
        best, anchor = overlap.max(dim=0)
        found = (overlap[anchor].argmax(dim=1) == torch.arange(len(left), device=left.device)) & (best >= 0)
        if not found.any():
            if best.amax() < 0:  # every anchor is taken
                return
            found[best.argmax()] = True  # equal overlaps: none is the other's first choice
        matches[anchor[found]] = left[found]
        overlap[anchor[found]] = -1
        overlap, left = overlap[:, ~found], left[~found]
