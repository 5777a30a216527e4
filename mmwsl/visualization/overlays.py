"""Overlays of maps and boxes on images; attention of patches painted onto their image."""

import cv2
import numpy as np


def overlay(image, values=None, found=(), true=(), strength=0.5, enlarge=1):
    """Mix an image with the colours of a map (blue low, red high), and draw boxes: found ones red, true ones green.

    Args:
        image: uint8 (H, W, 3) RGB.
        values: (H, W) in [0, 1]; None: the image alone.
        found, true: boxes (N, 4), x1 y1 x2 y2 in pixels of the image.
        strength: share of the map's colour.
        enlarge: whole number, how many times as large the picture shall be.

    Returns:
        uint8 (enlarge H, enlarge W, 3).

    Raises:
        ValueError: an image and a map of different sizes.
    """
    picture = np.ascontiguousarray(image)
    if values is not None:
        if values.shape != picture.shape[:2]:
            raise ValueError(f'the map is {values.shape}, the image {picture.shape[:2]}; resize the map')
        colors = cv2.applyColorMap((values * 255).astype(np.uint8), cv2.COLORMAP_JET)[..., ::-1]
        picture = np.rint((1 - strength) * picture + strength * colors).astype(np.uint8)
    picture = np.repeat(np.repeat(picture, enlarge, axis=0), enlarge, axis=1)
    for boxes, color in ((true, (0, 220, 0)), (found, (255, 0, 0))):
        for box in boxes:
            x1, y1, x2, y2 = (int(value * enlarge) for value in box)
            cv2.rectangle(picture, (x1, y1), (x2, y2), color, thickness=max(1, enlarge // 2))
    return picture


def patch_boxes(grid, size):
    """Boxes (rows x columns, 4) of the patches of an image, row by row: x1 y1 x2 y2 in pixels, x2 and y2 exclusive.

    Args:
        grid: (rows, columns) of patches.
        size: (H, W) of the image.

    Raises:
        ValueError: the grid does not divide the image.
    """
    (rows, columns), (height, width) = grid, size
    if rows < 1 or columns < 1 or height % rows or width % columns:
        raise ValueError(f'a grid of {rows} x {columns} patches does not divide an image of {height} x {width} pixels')
    y, x = np.indices((rows, columns)).reshape(2, -1) * [[height // rows], [width // columns]]
    return np.stack([x, y, x + width // columns, y + height // rows], axis=1)


def paint_attention(weights, grid, size):
    """Paint the weights of a bag's patches back onto their image.

    Args:
        weights: (rows x columns,), row by row.
        grid: (rows, columns) of patches.
        size: (H, W) of the image.

    Returns:
        (H, W) array: each pixel has the weight of its patch.

    Raises:
        ValueError: another number of weights than patches, or a grid that does not divide the image.
    """
    weights = np.asarray(weights)
    _, _, width, height = patch_boxes(grid, size)[0]
    if weights.shape != (grid[0] * grid[1],):
        raise ValueError(f'weights {weights.shape} of {grid[0]} x {grid[1]} patches; there must be one a patch')
    return weights.reshape(grid).repeat(height, axis=0).repeat(width, axis=1)
