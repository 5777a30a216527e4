"""Positions of the patches of an image."""

import torch
import torch.nn.functional as F

TEMPERATURE = 10_000  # longest wavelength over 2 pi, in patches


def sincos_positions(channels, height, width):
    """Fixed 2-D sine-cosine positions of a grid, as MAE has them.

    The first half of the channels tells the column, the second the row; each half is the sines and then the cosines of
    the coordinate times 10000^(-i / (channels / 4)), i = 0, 1, ...

    Args:
        channels: width of a token, a multiple of 4.
        height, width: of the grid, in patches.

    Returns:
        (height * width, channels) float32, row by row.

    Raises:
        ValueError: ``channels`` is no multiple of 4.
    """
    if channels % 4:
        raise ValueError(f'sine-cosine positions need a multiple of 4 channels, got {channels}')
    frequencies = TEMPERATURE**(-torch.arange(channels // 4, dtype=torch.float64) / (channels // 4))
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    angles = [axis.flatten()[:, None] * frequencies for axis in (columns, rows)]
    return torch.cat([wave for angle in angles for wave in (angle.sin(), angle.cos())], dim=1).float()


def resize_positions(positions, old, new):
    """Positions for another grid, by bicubic interpolation.

    Args:
        positions: (1, extra + h * w, C); the ``extra`` first (class token) stay as they are.
        old, new: (height, width) of the grids, in patches.

    Returns:
        (1, extra + H * W, C).
    """
    if tuple(old) == tuple(new):
        return positions
    extra, grid = positions.split([positions.shape[1] - old[0] * old[1], old[0] * old[1]], dim=1)
    grid = grid.transpose(1, 2).unflatten(2, old)  # (1, C, h, w)
    grid = F.interpolate(grid, size=new, mode='bicubic', align_corners=False)
    return torch.cat([extra, grid.flatten(2).transpose(1, 2)], dim=1)
