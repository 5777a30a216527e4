"""PAMR (Araslanov and Roth 2020): masks averaged again and again over neighbors of similar color."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .neighborhood import DILATIONS, average_neighbors, check_inputs, shifted


@torch.no_grad()
def pamr(images: Tensor, masks: Tensor, dilations: Sequence[int] = DILATIONS, num_iterations: int = 10) -> Tensor:
    """Pixel-adaptive refinement of ``masks`` by ``images``.

    The weight of a neighbor is the softmax over all neighbors of -|I_i - I_j| / (0.1 std_i), averaged over colors;
    std_i is that of the nine positions, the pixel itself included, of all dilations. Weights sum to 1.

    Args:
        images: (B, 3, H, W), of any range (weights do not depend on it), uint8 or floating point.
        masks: (B, C, H, W): class probabilities, or other scores.
        dilations: distances of the eight neighbors; beyond the border the pixel on it counts.

    Returns:
        (B, C, H, W) in fp32, or fp64 where the masks were. Without gradient, and without waiting for the device: NaN
        stays NaN and spreads.

    Raises:
        ValueError: sizes that differ, masks that are not floating point, dilations below 1.
    """
    images, masks, offsets = check_inputs(images, masks, dilations)
    neighbors = torch.stack(list(shifted(images, offsets)), dim=2)  # (B, 3, K, H, W)
    center = images[:, :, None]
    std = torch.cat([neighbors, center.expand(-1, -1, len(dilations), -1, -1)], dim=2).std(2, keepdim=True)
    weights = (-(neighbors - center).abs() / (0.1 * std + 1e-8)).mean(1).softmax(1)
    return average_neighbors(masks, weights, offsets, num_iterations)
