"""Gaussian blur with a width of its own for every sample."""

import math
from collections.abc import Sequence

import cv2
import torch
import torch.nn.functional as F

from mmwsl.augment.sampling import bernoulli_mask, check_images, check_probability, check_range, full_precision, uniform
from mmwsl.registry import VIEWS


def gaussian_kernels(sigma: torch.Tensor, size: int) -> torch.Tensor:
    """(B, size) normalised Gaussian weights, one row for each ``sigma`` (B,) in pixels; ``size`` is odd."""
    distance = torch.arange(size, device=sigma.device, dtype=torch.float32) - size // 2
    return torch.softmax(-0.5 * (distance / sigma[:, None]) ** 2, dim=1)


def blur_batched(images: torch.Tensor, sigma: torch.Tensor, size: int) -> torch.Tensor:
    """Blur each image by its ``sigma`` (B,): two depthwise convolutions over the B * C planes, reflected borders."""
    count, channels, height, width = images.shape
    pad, planes = size // 2, count * channels
    kernels = gaussian_kernels(sigma, size).repeat_interleave(channels, dim=0)
    views = F.pad(images, (pad, pad, pad, pad), mode='reflect').reshape(1, planes, height + 2 * pad, width + 2 * pad)
    with full_precision(images):
        views = F.conv2d(views, kernels.view(planes, 1, 1, size), groups=planes)
        views = F.conv2d(views, kernels.view(planes, 1, size, 1), groups=planes)
    return views.view(images.shape).clamp_(0, 1)


def blur_opencv(images: torch.Tensor, sigma: torch.Tensor, size: int) -> torch.Tensor:
    """The same as :func:`blur_batched` on a CPU by OpenCV; weights beyond 4 sigma (6e-5 in all) are left out."""
    views = torch.empty_like(images, memory_format=torch.contiguous_format)
    sources, targets = images.numpy(), views.numpy()
    for source, target, width in zip(sources, targets, sigma.tolist(), strict=True):
        side = 2 * min(size // 2, math.ceil(4 * width)) + 1
        # plane by plane: faster than interleaved channels from 64 px on, and needs no change of layout
        for source_plane, target_plane in zip(source, target, strict=True):
            cv2.GaussianBlur(source_plane, (side, side), width, dst=target_plane)
    return views.clamp_(0, 1)


@VIEWS.register_module()
class GaussianBlur:
    """Blur with a standard deviation drawn per sample, with probability ``prob``; borders are reflected.

    Args:
        kernel_size (int, optional): odd number of weights; None: three of the largest sigma to each side. Cut to what
            a smaller image can reflect.
        sigma (tuple): smallest and largest standard deviation in pixels.
        prob (float): probability per sample.

    OpenCV does the work on a CPU, batched convolutions elsewhere; they agree within 2e-3.
    """

    def __init__(self, kernel_size: int | None = 23, sigma: Sequence[float] = (0.1, 2.0), prob: float = 0.5) -> None:
        self.sigma = check_range('sigma', sigma, above=0)
        if kernel_size is None:
            kernel_size = 2 * math.ceil(3 * self.sigma[1]) + 1
        if not isinstance(kernel_size, int) or kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f'kernel_size={kernel_size!r} must be an odd positive integer, or None to follow sigma')
        check_probability(prob=prob)
        self.kernel_size = kernel_size
        self.prob = prob

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        size = min(self.kernel_size, 2 * min(images.shape[2:]) - 1)
        sigma = uniform((len(images),), *self.sigma, images.device, generator)
        blurred = bernoulli_mask(images, self.prob, generator)
        if images.device.type == 'cpu':
            which = blurred.flatten().nonzero().flatten()
            views = images.clone(memory_format=torch.contiguous_format)
            views[which] = blur_opencv(images[which].contiguous(), sigma[which], size)
            return views
        return torch.where(blurred, blur_batched(images, sigma, size), images)
