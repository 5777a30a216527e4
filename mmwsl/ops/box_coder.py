"""Boxes as differences from other boxes (Girshick et al. 2014, R-CNN, appendix C)."""

import math
from collections.abc import Sequence

import torch

from mmwsl.ops.boxes import clip_boxes


def _centre_and_size(boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def encode_boxes(proposals: torch.Tensor, targets: torch.Tensor, means: Sequence[float] = (0., 0., 0., 0.),
                 stds: Sequence[float] = (1., 1., 1., 1.)) -> torch.Tensor:
    """Differences (N, 4) that lead from ``proposals`` (N, 4) to ``targets`` (N, 4).

    dx and dy are the shift of the centre in widths and heights of the proposal, dw and dh the logarithm of the growth,
    all less ``means`` and divided by ``stds``.
    """
    centre, size = _centre_and_size(proposals)
    target_centre, target_size = _centre_and_size(targets)
    deltas = torch.cat([(target_centre - centre) / size, (target_size / size).log()], dim=-1)
    return (deltas - deltas.new_tensor(means)) / deltas.new_tensor(stds)


def decode_boxes(proposals: torch.Tensor, deltas: torch.Tensor, means: Sequence[float] = (0., 0., 0., 0.),
                 stds: Sequence[float] = (1., 1., 1., 1.), image_size: tuple[float, float] | None = None,
                 max_ratio: float = 1000 / 16) -> torch.Tensor:
    """Boxes to which ``deltas`` lead.

    Args:
        proposals: (N, 4).
        deltas: (N, 4), or (N, 4 K) for K classes.
        means, stds: as for :func:`encode_boxes`.
        image_size: (height, width) into which the boxes are clipped; None: not at all.
        max_ratio: largest growth of a side, so that an untrained network makes no infinite boxes.

    Returns:
        tensor of the shape of ``deltas``.
    """
    grouped = deltas.unflatten(1, (-1, 4)) * deltas.new_tensor(stds) + deltas.new_tensor(means)
    centre, size = _centre_and_size(proposals[:, None])
    limit = abs(math.log(max_ratio))
    centre = centre + grouped[..., :2] * size
    half = size * grouped[..., 2:].clamp(-limit, limit).exp() / 2
    boxes = torch.cat([centre - half, centre + half], dim=-1)
    if image_size is not None:
        boxes = clip_boxes(boxes, *image_size)
    return boxes.reshape(deltas.shape)
