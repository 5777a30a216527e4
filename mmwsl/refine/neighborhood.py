"""Neighbors of every pixel at several distances, and maps averaged over them: what PAMR and PAR have in common."""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmwsl.ops.tensors import upcast

from .checks import check_maps

DILATIONS = (1, 2, 4, 8, 12, 24)


def neighbor_offsets(dilations: Sequence[int]) -> list[tuple[int, int]]:
    """(dy, dx) of the eight neighbors at each distance.

    Raises:
        ValueError: no distances, or some below 1.
    """
    if not dilations or min(dilations) < 1:
        raise ValueError(f'dilations must be one or more whole numbers from 1 on, got {tuple(dilations)}')
    around = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    return [(dy * dilation, dx * dilation) for dilation in dilations for dy, dx in around]


def shifted(x: Tensor, offsets: Sequence[tuple[int, int]]) -> Iterator[Tensor]:
    """Of each offset the neighbors (B, C, H, W) that the pixels of ``x`` have there, beyond the border those on it."""
    height, width = x.shape[2:]
    pad = max(max(abs(dy), abs(dx)) for dy, dx in offsets)
    padded = F.pad(x, (pad, pad, pad, pad), mode='replicate')
    for dy, dx in offsets:
        yield padded[:, :, pad + dy:pad + dy + height, pad + dx:pad + dx + width]


def check_inputs(images: Tensor, masks: Tensor,
                 dilations: Sequence[int]) -> tuple[Tensor, Tensor, list[tuple[int, int]]]:
    """Images and masks in one dtype, fp32 at least, and the offsets of the neighbors."""
    check_maps(images, masks)
    masks = upcast(masks)
    return images.to(masks.dtype), masks, neighbor_offsets(dilations)


def average_neighbors(masks: Tensor, weights: Tensor, offsets: Sequence[tuple[int, int]],
                      num_iterations: int) -> Tensor:
    """Replace ``masks`` (B, C, H, W) ``num_iterations`` times by sums over neighbors with ``weights`` (B, K, H, W)."""
    for _ in range(num_iterations):
        total = torch.zeros_like(masks)
        for number, neighbors in enumerate(shifted(masks, offsets)):
            total.addcmul_(neighbors, weights[:, number:number + 1])
        masks = total
    return masks
