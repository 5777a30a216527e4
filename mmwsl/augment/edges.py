"""Edges as a picture that RGB networks take."""

import torch

from mmwsl.augment.noise import Sobel
from mmwsl.augment.sampling import bernoulli_mask, check_probability
from mmwsl.registry import VIEWS


@VIEWS.register_module()
class SobelImage:
    """Replace an image by the strength of its edges, with probability ``prob``: (B, C, H, W) in [0, 1] -> the same.

    The length of the Sobel gradient of the mean over C, divided by 4 (its largest value along an axis), in all
    channels and clamped to [0, 1].
    """

    def __init__(self, prob: float = 1.0) -> None:
        check_probability(prob=prob)
        self.prob, self.sobel = prob, Sobel()

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        strength = self.sobel(images).square_().sum(1, keepdim=True).sqrt_().div_(4).clamp_(max=1)
        return torch.where(bernoulli_mask(images, self.prob, generator), strength.expand_as(images), images)
