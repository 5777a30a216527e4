"""Anchors (Ren et al. 2015): boxes of some sizes and shapes around every place of a map."""

from collections.abc import Sequence

import torch


def base_anchors(base_size: float, scales: Sequence[float], ratios: Sequence[float],
                 device: torch.device | str | None = None) -> torch.Tensor:
    """Boxes (len(ratios) x len(scales), 4) around the origin, of area (``base_size`` x scale)^2.

    A ratio is height / width. All scales of the first ratio come first, as in mmdet.
    """
    ratios = torch.tensor(ratios, dtype=torch.float32, device=device).sqrt()[:, None]
    scales = torch.tensor(scales, dtype=torch.float32, device=device)[None] * base_size
    half = torch.stack([(scales / ratios).flatten(), (scales * ratios).flatten()], dim=1) / 2
    return torch.cat([-half, half], dim=1)


def grid_anchors(base: torch.Tensor, height: int, width: int, stride: float) -> torch.Tensor:
    """Anchors (height x width x A, 4) of a map: ``base`` (A, 4) at every place, row by row, A fastest.

    Place (y, x) of the map lies at pixel (y stride, x stride) of the image, as in mmdet and detectron2.
    """
    y, x = (torch.arange(n, device=base.device, dtype=base.dtype) * stride for n in (height, width))
    shift = torch.stack(torch.meshgrid(y, x, indexing='ij'), dim=-1).flip(-1).reshape(-1, 1, 2).repeat(1, 1, 2)
    return (shift + base).view(-1, 4)


def inside_image(anchors: torch.Tensor, height: float, width: float, border: float = 0) -> torch.Tensor:
    """Boolean (N,): which anchors lie within an image, ``border`` pixels over its edge allowed; -1 allows all."""
    if border < 0:
        return torch.ones(len(anchors), dtype=torch.bool, device=anchors.device)
    limit = anchors.new_tensor([width + border, height + border])
    return (anchors[:, :2] >= -border).all(1) & (anchors[:, 2:] < limit).all(1)
