"""Rotation by a small angle."""

import math

import torch
import torch.nn.functional as F

from mmwsl.augment.sampling import check_images, full_precision, uniform
from mmwsl.registry import VIEWS


def rotate(images: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Turn each image about its centre by ``angle`` (B,) radians, counter-clockwise, bilinear; black moves in.

    Args:
        images: (B, C, H, W) float32, of any shape.

    Returns:
        (B, C, H, W) float32.
    """
    height, width = images.shape[2:]
    cosine, sine, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    # From places of the view to places of the image, x to the right and y down, each in halves of its own side.
    theta = torch.stack([cosine, -sine * (height / width), zero, sine * (width / height), cosine, zero], dim=1)
    with full_precision(images):
        grid = F.affine_grid(theta.view(-1, 2, 3), list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, mode='bilinear', padding_mode='zeros', align_corners=False)


@VIEWS.register_module()
class RandomRotation:
    """Turn each image by an angle drawn from [-degrees, degrees]; what moves in from outside is black.

    Args:
        degrees (float): largest angle, in [0, 180].
    """

    def __init__(self, degrees: float) -> None:
        if not 0 <= degrees <= 180:
            raise ValueError(f'degrees={degrees} must lie in [0, 180]')
        self.degrees = degrees

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        largest = math.radians(self.degrees)
        return rotate(images, uniform((len(images),), -largest, largest, images.device, generator))
