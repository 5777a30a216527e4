"""One random photometric operation per image, of those of RandAugment: the strong view of self-training."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from mmwsl.augment.color import GRAY
from mmwsl.augment.sampling import check_images, check_range, constant, uniform
from mmwsl.registry import VIEWS


def autocontrast(images: torch.Tensor) -> torch.Tensor:
    """Stretch each channel of (B, C, H, W) to [0, 1]; one of a single value stays."""
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    return torch.where(high > low, (images - low) / (high - low).clamp(min=1e-6), images)


def equalize(images: torch.Tensor) -> torch.Tensor:
    """Give each channel of (B, C, H, W) in [0, 1] an even histogram, of 256 bins.

    A value becomes the share of the pixels with smaller ones, of those that are not of the smallest; a channel of a
    single value stays.
    """
    levels = (images * 255).round().long().flatten(2)
    counts = torch.zeros(*levels.shape[:2], 256, device=images.device).scatter_add_(
        2, levels, torch.ones_like(levels, dtype=torch.float32))
    below = counts.cumsum(2) - counts
    first = counts.gather(2, levels.amin(2, keepdim=True))
    rest = levels.shape[2] - first
    even = ((below.gather(2, levels) / rest.clamp(min=1)).clamp(max=1)).view(images.shape)
    return torch.where((rest > 0)[..., None], even, images)


def blend(images: torch.Tensor, other: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """``factor`` (B, 1, 1, 1) of the images (B, C, H, W) and the rest of ``other``."""
    return other + factor * (images - other)


def smoothed(images: torch.Tensor) -> torch.Tensor:
    """Mean of the 3 x 3 neighbors, the pixel itself 5 times; the border repeats."""
    padded = F.pad(images, (1, 1, 1, 1), mode='replicate')
    return (9 * F.avg_pool2d(padded, 3, stride=1) + 4 * images) / 13


def posterize(images: torch.Tensor, bits: torch.Tensor) -> torch.Tensor:
    """Keep the highest ``bits`` (B, 1, 1, 1) of 8 of values in [0, 1]."""
    step = 2**(8 - bits)
    return ((images * 255).round() / step).floor() * step / 255


@VIEWS.register_module()
class RandomOperation:
    """One operation per image, each as likely as the others, of a strength that is drawn too.

    They are nothing, autocontrast, equalization, solarization, color, contrast, brightness, sharpness and
    posterization. All are computed and one is kept, so that nothing waits for the device.

    Args:
        factors (tuple): smallest and largest share of the image for color, contrast, brightness and sharpness; the rest
            is its gray, its mean gray, black, and the smoothed image.
        bits (tuple): fewest and most bits of posterization, 1 to 8.

    Raises:
        ValueError: pairs that do not ascend, or out of range.
    """

    def __init__(self, factors: Sequence[float] = (0.05, 0.95), bits: Sequence[int] = (4, 8)) -> None:
        self.factors = check_range('factors', factors, low=0)
        self.bits = check_range('bits', bits, low=1, high=8)

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        shape, device = (len(images), 1, 1, 1), images.device
        factor = uniform(shape, *self.factors, device, generator)
        threshold = uniform(shape, 0, 1, device, generator)
        bits = uniform(shape, self.bits[0], self.bits[1] + 1, device, generator).floor()
        gray = (images * constant(GRAY, device).view(1, 3, 1, 1)).sum(1, keepdim=True)
        changed = [images, autocontrast(images), equalize(images), torch.where(images >= threshold, 1 - images, images),
                   blend(images, gray, factor), blend(images, gray.mean((2, 3), keepdim=True), factor), images * factor,
                   blend(images, smoothed(images), factor), posterize(images, bits)]
        chosen = uniform(shape, 0, len(changed), device, generator).long()
        result = changed[0]
        for number, each in enumerate(changed[1:], start=1):
            result = torch.where(chosen == number, each, result)
        return result.clamp(0, 1)
