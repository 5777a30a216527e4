"""PAR (Ru et al. 2022, 2023): pixel-adaptive refinement whose weights have a part for the distance of neighbors."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from .neighborhood import DILATIONS, average_neighbors, check_inputs, shifted


@torch.no_grad()
def par(images: Tensor, masks: Tensor, dilations: Sequence[int] = DILATIONS, num_iterations: int = 10,
        normalize: bool = False) -> Tensor:
    """Pixel-adaptive refinement of ``masks`` by ``images``, the usual refiner of single-stage methods.

    The weight of a neighbor is softmax(k) + 0.01 softmax(k'), with k = -(|I_i - I_j| / std_i / 0.3)^2 averaged over
    colors, std_i that of the neighbors, and k' the same of their distances in pixels. As published the weights sum to
    1.01, so that values grow by a tenth in 10 iterations: nothing to an argmax, but to a threshold; ``normalize``
    divides them by 1.01.

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
    weights = _logits(neighbors - images[:, :, None], neighbors.std(2, keepdim=True)).mean(1).softmax(1)
    weights += _position_weights(tuple(map(tuple, offsets)), masks.device, masks.dtype)
    return average_neighbors(masks, weights / 1.01 if normalize else weights, offsets, num_iterations)


@lru_cache(maxsize=16)
def _position_weights(offsets: tuple[tuple[int, ...], ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    # kept per device, and filled there rather than copied to it, for which even the first call would wait
    distances = torch.tensor(offsets, dtype=dtype).norm(dim=1)
    weights = 0.01 * _logits(distances, distances.std()).softmax(0)
    return torch.cat([torch.full((1, 1, 1), each, device=device, dtype=dtype) for each in weights.tolist()])


def _logits(differences: Tensor, std: Tensor) -> Tensor:
    return -(differences / (std + 1e-8) / 0.3)**2
