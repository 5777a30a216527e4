"""Dropout of the network's input, the control of Hide-and-Seek (Singh and Lee, arXiv:1704.04232, table 3)."""

from collections.abc import Sequence

import torch

from mmwsl.augment.sampling import check_images, check_probability, constant
from mmwsl.registry import VIEWS


@VIEWS.register_module()
class InputDropout:
    """Set each value of the network's input to 0 with probability ``drop_prob`` and divide the others by 1 - drop_prob.

    The network's input is the normalised image, and every value of it has a draw of its own, so a pixel may lose one
    colour alone. Views come before normalisation: with x the value there, m its mean and s its standard deviation, the
    input (x - m) / s times k / (1 - p), k = 0 or 1, is what m + k (x - m) / (1 - p) gives after it. So a dropped value
    is the mean here and a kept one may leave [0, 1]; call it last.

    In ``views`` of the data preprocessor it is for training only; in its ``test_view`` for testing, which ordinary
    dropout would not do.

    Args:
        drop_prob (float): p, in [0, 1); 0.5 in the paper.
        mean (float | sequence | Tensor): m, in [0, 1], one number or one per channel: the data preprocessor's mean
            divided by 255, or what is dropped is not 0 for the network; ImageNet's by default.
    """

    def __init__(self, drop_prob: float = 0.5,
                 mean: float | Sequence[float] | torch.Tensor = (0.485, 0.456, 0.406)) -> None:
        check_probability(drop_prob=drop_prob)
        if drop_prob == 1:
            raise ValueError('drop_prob=1 leaves nothing of the images; give a number below 1')
        self.drop_prob = drop_prob
        self.mean = tuple(torch.as_tensor(mean, dtype=torch.float32).flatten().tolist())

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        if len(self.mean) not in (1, images.shape[1]):
            raise ValueError(f'mean has {len(self.mean)} values for images of {images.shape[1]} channels; give one '
                             'number, or one per channel')
        mean = constant(self.mean, images.device).view(-1, 1, 1)
        kept = torch.rand(images.shape, device=images.device, generator=generator) >= self.drop_prob
        return torch.where(kept, mean + (images - mean) / (1 - self.drop_prob), mean)
