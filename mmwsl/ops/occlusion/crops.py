"""Square crops around objects, cut from masks and pasted back, and random windows of them."""

import numpy as np
import torch
import torch.nn.functional as F


def object_squares(boxes: np.ndarray, enlarge: float = 3.0) -> np.ndarray:
    """Squares (N, 3), left, top and side in pixels, about boxes (N, 4): room for what may be hidden.

    The side is the largest of sqrt(enlarge x width x height), 1.1 widths and 1.1 heights; at least 1. Squares may
    reach beyond the image.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    side = np.maximum.reduce([np.sqrt(enlarge * width * height), 1.1 * width, 1.1 * height, np.ones(len(boxes))])
    corner = (boxes[:, :2] + boxes[:, 2:]) / 2 - side[:, None] / 2
    return np.column_stack([corner, side])


def cut_masks(masks: torch.Tensor, which: torch.Tensor, squares: torch.Tensor, size: int) -> torch.Tensor:
    """Crops (B, size, size) of the masks (N, H, W) numbered ``which`` (B,), the nearest pixel each; False beyond.

    Args:
        squares: (B, 3) left, top, side.
    """
    height, width = masks.shape[1:]
    steps = (torch.arange(size, device=masks.device) + 0.5) / size
    columns = (squares[:, :1] + steps * squares[:, 2:]).floor().long()  # (B, size)
    rows = (squares[:, 1:2] + steps * squares[:, 2:]).floor().long()
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None]
    taken = masks[which[:, None, None], rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None]]
    return taken & inside


def cut_images(images: torch.Tensor, which: torch.Tensor, squares: torch.Tensor, size: int) -> torch.Tensor:
    """Crops (B, C, size, size) of images (N, C, H, W), linearly interpolated; beyond an image its border goes on."""
    height, width = images.shape[2:]
    steps = (torch.arange(size, device=images.device) + 0.5) / size * squares[:, 2:]  # (B, size)
    x, y = ((squares[:, axis:axis + 1] + steps) * 2 / length - 1 for axis, length in ((0, width), (1, height)))
    grid = torch.stack([x[:, None].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], dim=-1)
    return F.grid_sample(images[which], grid.to(images.dtype), mode='bilinear', padding_mode='border',
                         align_corners=False)


def paste_maps(maps: torch.Tensor, squares: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Maps (B, C, S, S) of squares put into images (B, C, height, width), linearly interpolated; 0 beyond a square."""
    x = (torch.arange(width, device=maps.device) + 0.5 - squares[:, :1]) / squares[:, 2:]  # (B, width), 0 to 1 inside
    y = (torch.arange(height, device=maps.device) + 0.5 - squares[:, 1:2]) / squares[:, 2:]
    grid = torch.stack([x[:, None].expand(-1, height, -1), y[:, :, None].expand(-1, -1, width)], dim=-1) * 2 - 1
    pasted = F.grid_sample(maps, grid.to(maps.dtype), mode='bilinear', padding_mode='border', align_corners=False)
    return pasted * (grid.abs() <= 1).all(-1)[:, None]


def random_windows(maps: list[torch.Tensor], size: int, share: float, shift: float = 0.2,
                   scale: tuple[float, float] = (0.8, 1.2), flip: float = 0.5) -> list[torch.Tensor]:
    """The same random square windows of several kinds of maps (B, C, H, W), each (B, C, size, size).

    A window is in the middle and has ``share`` of the maps' side before it is moved. What lies beyond the maps is 0.

    Args:
        maps: Boolean ones get the nearest pixel, others are interpolated.
        size: side of the result in pixels.
        share: from 0 to 1.
        shift: most that a window moves each way, as a share of its side.
        scale: smallest and largest factor of its side.
        flip: how often it is mirrored.
    """
    first = maps[0]
    count, device = len(first), first.device
    factor = share * (scale[0] + (scale[1] - scale[0]) * torch.rand(count, device=device))
    mirror = 1 - 2 * (torch.rand(count, device=device) < flip).float()
    moved = (torch.rand(count, 2, device=device) * 2 - 1) * 2 * shift * share
    zero = torch.zeros_like(factor)
    theta = torch.stack([torch.stack([factor * mirror, zero, moved[:, 0]], 1),
                         torch.stack([zero, factor, moved[:, 1]], 1)], 1)  # (B, 2, 3)
    grid = F.affine_grid(theta, [count, 1, size, size], align_corners=False)
    return [F.grid_sample(each.float(), grid, mode='nearest', align_corners=False) > 0.5 if each.dtype == torch.bool
            else F.grid_sample(each, grid.to(each.dtype), mode='bilinear', align_corners=False) for each in maps]
