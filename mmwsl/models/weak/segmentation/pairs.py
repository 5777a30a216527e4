"""Pairs of pixels that class maps say are alike or not: what PSA and IRN learn from.

The labels are masks with void, of two backgrounds: :func:`mmwsl.models.weak.segmentation.masks_from_maps`.
"""

import torch
import torch.nn.functional as F

from mmwsl.models.weak.segmentation.masks import VOID


def grid_labels(samples, size, grid, device=None):
    """Labels (B, h, w) of a batch at the resolution of its feature maps; what images were padded with is void.

    Args:
        samples: B of them, with ``gt_mask``.
        size: (height, width) of the padded images.
        grid: (h, w).

    Raises:
        ValueError: a sample without ``gt_mask``.
    """
    labels = torch.full((len(samples), *size), VOID, dtype=torch.uint8, device=device)
    for row, sample in zip(labels, samples, strict=True):
        if 'gt_mask' not in sample:
            raise ValueError('affinities are learnt from pair labels, which this data set has not: make masks '
                             'with two thresholds of the maps, by mmwsl masks, and read them as its class maps')
        height, width = sample.gt_mask.shape
        row[:height, :width] = sample.gt_mask
    labels = F.interpolate(labels[:, None].float(), size=tuple(grid), mode='nearest-exact')
    return labels[:, 0].long()


def shift(maps, offset, fill=0):
    """``maps`` (..., H, W) as seen from ``offset`` = (down, right) away: at (y, x) the value of (y + down, x + right);
    ``fill`` where that is outside."""
    down, right = offset
    height, width = maps.shape[-2:]
    padded = F.pad(maps, (max(-right, 0), max(right, 0), max(-down, 0), max(down, 0)), value=fill)
    top, left = max(down, 0), max(right, 0)
    return padded[..., top:top + height, left:left + width]


def compare_pairs(labels, offsets):
    """Which pairs of pixels are alike, of labels (B, h, w).

    Args:
        offsets: K pairs (down, right).

    Returns:
        tuple of three bool (B, K, h, w): both background, both the same class, and two different ones; pairs with void,
        or with what lies outside, are in none.
    """
    others = torch.stack([shift(labels, offset, VOID) for offset in offsets], dim=1)
    labels = labels[:, None]
    known, equal = (labels != VOID) & (others != VOID), labels == others
    return known & equal & (labels == 0), known & equal & (labels > 0), known & ~equal


def pair_mean(values, mask, mean=lambda x: x):
    """Mean of ``values`` over the pairs of ``mask``, both (B, K, h, w); 0 without any.

    Its mean over the ranks is the mean over all pairs of all ranks.

    Args:
        mean: mean over ranks, :func:`mmwsl.dist.all_mean`; nothing on one.
    """
    count = mean(mask.sum().to(values.dtype))
    return torch.where(mask, values, torch.zeros_like(values)).sum() / (count + (count == 0))


def affinity_losses(affinity, pairs, mean=lambda x: x):
    """Mean logarithmic losses of affinities (B, K, h, w): of pairs of background, of one class, of different ones.

    Args:
        pairs: the masks of :func:`compare_pairs`.
        mean: see :func:`pair_mean`.
    """
    background, foreground, different = pairs
    alike, unlike = -(affinity + 1e-5).log(), -(1 + 1e-5 - affinity).log()
    return pair_mean(alike, background, mean), pair_mean(alike, foreground, mean), pair_mean(unlike, different, mean)
