"""Class maps of several scales and mirror images, normalized, with a background: what masks are made of."""

import torch
import torch.nn.functional as F


def multi_scale_maps(model, images, scales=(1.0, 0.5, 1.5, 2.0), flip=True, size=None):
    """Sum a model's class maps over scales, and over the mirror images.

    Args:
        model: anything with ``class_maps(images) -> (B, C, h, w)``, at least 0.
        images: (B, 3, H, W), preprocessed.
        scales: factors of the side; views are at least one pixel wide.
        flip: also of the mirror image at each scale.
        size: (height, width) of the sum; None: that of the images.

    Returns:
        (B, C, *size), fp32.

    Raises:
        ValueError: no scale, or one that is not above 0.
    """
    if not scales or min(scales) <= 0:
        raise ValueError(f'scales={scales} must be one or more factors above 0, such as (1.0, 0.5, 1.5, 2.0)')
    total = 0
    for scale in scales:
        sides = [max(1, round(side * scale)) for side in images.shape[2:]]
        scaled = images if scale == 1 else F.interpolate(
            images, size=sides, mode='bilinear', align_corners=False, antialias=scale < 1)
        for mirrored in (False, True)[:1 + flip]:
            maps = model.class_maps(scaled.flip(3) if mirrored else scaled)
            maps = F.interpolate((maps.flip(3) if mirrored else maps).float(), size=tuple(size or images.shape[2:]),
                                 mode='bilinear', align_corners=False)
            total = total + maps
    return total


def normalize_by_maximum(maps, tags=None):
    """Divide each map (..., C, H, W) by its largest value; those of absent classes, and maps without any, become 0.

    Args:
        maps: at least 0.
        tags: (..., C), 1 where the image shows the class, as is 0 where not and -1 where that is not known; None: all
            classes are kept.
    """
    largest = maps.amax((-2, -1), keepdim=True)
    normalized = torch.where(largest > 0, maps / largest.clamp(min=torch.finfo(maps.dtype).tiny), 0.0)
    return normalized if tags is None else normalized * (tags == 1).to(maps)[..., None, None]


def with_background(maps, threshold=None, power=None):
    """Put a row for the background in front of maps (..., C, H, W) in [0, 1]: (..., 1 + C, H, W).

    Args:
        maps: of :func:`normalize_by_maximum`.
        threshold: the background's score everywhere; or ...
        power: ... it is (1 - largest of the classes) to this power: the higher, the less background.

    Raises:
        ValueError: both, or neither.
    """
    if (threshold is None) == (power is None):
        raise ValueError(f'threshold={threshold} and power={power} are two backgrounds; give one of them')
    first = maps[..., :1, :, :]
    background = torch.full_like(first, threshold) if power is None else \
        (1 - maps.amax(-3, keepdim=True)).clamp(min=0) ** power
    return torch.cat([background, maps], dim=-3)
