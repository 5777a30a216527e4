"""Noise, cutout and edges."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from mmwsl.augment.sampling import bernoulli_mask, check_images, check_probability, check_range, uniform
from mmwsl.registry import VIEWS


@VIEWS.register_module()
class GaussianNoise:
    """Add normal noise with a standard deviation drawn per sample from ``sigma``, with probability ``prob``.

    The result is clamped to [0, 1].
    """

    def __init__(self, sigma: Sequence[float] = (0.0, 0.1), prob: float = 0.5) -> None:
        self.sigma = check_range('sigma', sigma, low=0)
        check_probability(prob=prob)
        self.prob = prob

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        sigma = uniform((len(images), 1, 1, 1), *self.sigma, images.device, generator)
        sigma = sigma * bernoulli_mask(images, self.prob, generator)
        noise = torch.randn(images.shape, device=images.device, generator=generator)
        return noise.mul_(sigma).add_(images).clamp_(0, 1)


@VIEWS.register_module()
class Cutout:
    """Fill one rectangle per sample, as in DeVries and Taylor (arXiv:1708.04552).

    Its centre is uniform over the pixels; what reaches beyond the border is cut off.

    Args:
        size (float): sides of the rectangle as a fraction, in (0, 1], of the image's sides.
        prob (float): probability per sample.
        fill (float): the value filled in.
    """

    def __init__(self, size: float = 0.5, prob: float = 1.0, fill: float = 0.0) -> None:
        if not 0 < size <= 1:
            raise ValueError(f'size={size} must be a fraction of the side in (0, 1]')
        check_probability(prob=prob)
        self.size = size
        self.prob = prob
        self.fill = fill

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        hidden = bernoulli_mask(images, self.prob, generator)
        for axis in (2, 3):
            side = images.shape[axis]
            length = max(1, round(self.size * side))
            start = torch.randint(side, (len(images), 1, 1, 1), device=images.device, generator=generator)
            start = start - length // 2
            pixel = torch.arange(side, device=images.device)
            pixel = pixel.view(-1, 1) if axis == 2 else pixel
            hidden = hidden & (pixel >= start) & (pixel < start + length)
        return images.masked_fill(hidden, self.fill)


@VIEWS.register_module()
class Sobel:
    """Image gradients: (B, C, H, W) -> (B, 2, H, W), the channels being d/dx and d/dy of the mean over C.

    The 3x3 filters are (1, 2, 1) across and (-1, 0, 1) along the axis: growing values are positive, in [-4, 4] for
    images in [0, 1]. Borders repeat the outermost pixel, so that a plain image has no edges; the published networks on
    Sobel input pad with zeros. Draws nothing.
    """

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        grey = F.pad(images.mean(1, keepdim=True), (1, 1, 1, 1), mode='replicate')
        along_x = grey[:, :, :, 2:] - grey[:, :, :, :-2]
        along_y = grey[:, :, 2:] - grey[:, :, :-2]
        horizontal = along_x[:, :, :-2] + 2 * along_x[:, :, 1:-1] + along_x[:, :, 2:]
        vertical = along_y[..., :-2] + 2 * along_y[..., 1:-1] + along_y[..., 2:]
        return torch.cat([horizontal, vertical], dim=1)
