"""Pairs of pixels that class maps say are alike or not: what PSA and IRN learn from."""

import torch
import torch.nn.functional as F

from mmwsl.models.weak.segmentation.maps import with_background

VOID = 255


def confident_labels(foreground, background):
    """Labels (H, W) of what two backgrounds agree on: the class where it wins in spite of the high background, 0 where
    even the low one wins, and void, 255, elsewhere.

    Args:
        foreground: int64 (H, W), 0 = background and class + 1, with a high background.
        background: the same with a low one.
    """
    void = torch.full_like(foreground, VOID)
    return torch.where(foreground > 0, foreground, torch.where(background > 0, void, foreground))


def pair_labels(maps, classes, size, foreground, background, refine=None):
    """Labels of a photo from its class maps, to learn pairs from.

    Args:
        maps: (k, h, w) in [0, 1], of :func:`mmwsl.models.weak.segmentation.normalize_by_maximum`.
        classes: k class numbers, from 0.
        size: (height, width) of the labels.
        foreground, background: the high and the low background, as :func:`with_background` takes them:
            ``dict(power=4)`` and ``dict(power=32)``, or ``dict(threshold=0.3)`` and ``dict(threshold=0.05)``.
        refine: function of labels int64 (H, W) in 0..k and of k + 1 that gives other ones, such as a CRF; or None.

    Returns:
        uint8 (H, W): 0 = background, class + 1, 255 = void.

    Raises:
        ValueError: another number of classes than maps.
    """
    numbers = torch.as_tensor(classes, dtype=torch.long, device=maps.device)
    if maps.ndim != 3 or len(numbers) != len(maps):
        raise ValueError(f'maps of shape {tuple(maps.shape)} for {len(numbers)} classes; they must be (k, h, w), one '
                         'for each class')
    if not len(maps):
        return torch.zeros(tuple(size), dtype=torch.uint8, device=maps.device)
    maps = F.interpolate(maps[None].float(), size=tuple(size), mode='bilinear', align_corners=False)[0]

    def winners(settings):
        labels = with_background(maps, **settings).argmax(0)
        return labels if refine is None else refine(labels, len(maps) + 1)

    labels = confident_labels(winners(foreground), winners(background))
    values = torch.full((VOID + 1,), VOID, device=maps.device)
    values[:len(numbers) + 1] = F.pad(numbers + 1, (1, 0))
    return values[labels].to(torch.uint8)


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
            raise ValueError('affinities are learnt from pair labels, which this data set has not: write them from the '
                             "maps (see docs/weak/affinity.md) and read them as its masks, with supervision='full'")
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
