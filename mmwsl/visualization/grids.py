"""Grids of small pictures: rows and columns of equal tiles."""

import cv2
import numpy as np


def tile_grid(tiles, columns, gap=2, scale=1, breaks=()):
    """Tiles in rows of ``columns``, on white.

    Args:
        tiles: uint8 (N, H, W, 3).
        columns: tiles a row; the last row may be shorter.
        gap: pixels between tiles.
        scale: every pixel becomes so many a side.
        breaks: numbers of columns before which the gap is three times as wide.

    Returns:
        uint8 (H', W', 3).

    Raises:
        ValueError: no tiles, or ``columns`` below 1.
    """
    tiles = np.asarray(tiles)
    if tiles.ndim != 4 or not len(tiles) or columns < 1:
        raise ValueError(f'a grid needs tiles (N, H, W, 3), got {tiles.shape}, and columns of 1 or more, got {columns}')
    height, width = (each * scale for each in tiles.shape[1:3])
    rows = -(-len(tiles) // columns)
    shifts = [2 * gap * sum(1 for each in breaks if each <= column) for column in range(columns)]
    canvas = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap + shifts[-1], 3), 255, dtype=np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        y, x = gap + row * (height + gap), gap + column * (width + gap) + shifts[column]
        canvas[y:y + height, x:x + width] = cv2.resize(tile, (width, height), interpolation=cv2.INTER_NEAREST)
    return canvas
