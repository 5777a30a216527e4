"""Superpixels: pieces of a picture that are of one color and near each other (SLIC, Achanta et al. 2012)."""

import cv2
import numpy as np


def superpixels(image: np.ndarray, count: int, compactness: float = 10.0, rounds: int = 5) -> np.ndarray:
    """The piece that each pixel belongs to, int32 (H, W) from 0; pieces are numbered row by row of a grid.

    k-means of color (Lab) and position, in which a pixel chooses among the nine pieces around its own cell of the grid.
    Pieces need not be connected.

    Args:
        image: uint8 (H, W, 3) RGB.
        count: about how many.
        compactness: weight of the position, in units of Lab for the side of a cell.
        rounds: of k-means.

    Raises:
        ValueError: a count below 1.
    """
    if count < 1:
        raise ValueError(f'{count} superpixels are impossible; give 1 or more')
    height, width = image.shape[:2]
    side = max((height * width / count)**0.5, 1.0)
    rows, columns = max(round(height / side), 1), max(round(width / side), 1)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    features = np.dstack([lab, compactness / side * x, compactness / side * y]).reshape(-1, 5).astype(np.float64)
    row = (y * rows / height).astype(int).ravel()
    column = (x * columns / width).astype(int).ravel()
    own = labels = row * columns + column
    centers = _means(features, labels, rows * columns, np.zeros((rows * columns, 5)))
    for _ in range(rounds):
        best = np.full(len(features), np.inf)
        labels = own.copy()
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                other = (row + dy).clip(0, rows - 1) * columns + (column + dx).clip(0, columns - 1)
                distance = np.square(features - centers[other]).sum(1)
                nearer = distance < best
                best[nearer], labels[nearer] = distance[nearer], other[nearer]
        centers = _means(features, labels, len(centers), centers)
    return labels.reshape(height, width).astype(np.int32)


def _means(values: np.ndarray, labels: np.ndarray, count: int, empty: np.ndarray) -> np.ndarray:
    """Mean of the rows of each label; of a label without rows its row of ``empty``."""
    sizes = np.bincount(labels, minlength=count)
    sums = np.stack([np.bincount(labels, column, count) for column in values.T], 1)
    return np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], empty)


def piece_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean of ``values`` (H, W, D) over each piece of ``labels`` (H, W): (P, D), 0 for a piece without pixels."""
    count = int(labels.max()) + 1
    flat = values.reshape(-1, values.shape[-1]).astype(np.float64)
    return _means(flat, labels.ravel(), count, np.zeros((count, flat.shape[1])))
