"""Graph segmentation (Felzenszwalb and Huttenlocher 2004): neighboring pixels joined by falling similarity."""

from typing import Any

import numpy as np

CHUNKS = 6


def graph_segmentation(image: np.ndarray, scale: float, min_pixels: int = 1) -> np.ndarray:
    """Label connected regions of even color.

    The edges between neighboring pixels (8-connected) are taken by rising weight w, the Euclidean distance of the two
    colors. Regions A and B are joined if w <= min(Int(A) + scale / |A|, Int(B) + scale / |B|), Int being the largest
    weight within a region. At last, regions of fewer pixels than ``min_pixels`` are joined with a neighbor, in the same
    order.

    Args:
        image: (H, W, C), any range; usually smoothed a little.
        scale: the larger, the larger the regions; in units of the color distance.
        min_pixels: smallest region.

    Returns:
        (H, W) int64 of labels from 0 on, numbered by the first pixel of each.

    Raises:
        ValueError: not an array (H, W, C) with pixels, or a scale below 0.
    """
    return segment_edges(*pixel_edges(image), np.asarray(image).shape[:2], scale, min_pixels)


def pixel_edges(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges between 8-connected pixels by rising weight, equal ones in the order of pixels.

    Args:
        image: (H, W, C).

    Returns:
        tuple: (E,) float32 weights, (E,) and (E,) int64, the numbers of the two pixels in row-major order.

    Raises:
        ValueError: not an array (H, W, C) with pixels.
    """
    image = np.asarray(image, np.float32)
    if image.ndim != 3 or not image.size:
        raise ValueError(f'an image to segment must be an array (H, W, C) with pixels; got shape {image.shape}')
    height, width = image.shape[:2]
    number = np.arange(height * width).reshape(height, width)
    pairs: list[tuple[Any, Any]] = [
        (np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:]),
        (np.s_[:-1, :-1], np.s_[1:, 1:]), (np.s_[:-1, 1:], np.s_[1:, :-1])]
    weights = np.concatenate([np.sqrt(np.square(image[a] - image[b]).sum(-1)).ravel() for a, b in pairs])
    first, second = (np.concatenate([number[pair[end]].ravel() for pair in pairs]) for end in (0, 1))
    order = weights.argsort(kind='stable')
    return weights[order], first[order], second[order]


def segment_edges(weights: np.ndarray, first: np.ndarray, second: np.ndarray, shape: tuple[int, int], scale: float,
                  min_pixels: int = 1) -> np.ndarray:
    """Label the pixels of an image by the edges between them; see :func:`graph_segmentation`.

    Args:
        weights, first, second: of :func:`pixel_edges`.
        shape: height and width of the image.
        scale, min_pixels: see :func:`graph_segmentation`.

    Returns:
        (H, W) int64.

    Raises:
        ValueError: a scale below 0.
    """
    if scale < 0:
        raise ValueError(f'scale={scale} must not be negative')
    # Regions are joined edge by edge, in chunks. Between chunks those edges go, at once, that cannot join anything any
    # more: within a region, or of a region that even the smallest weight to come is too large for. The result is that
    # of one loop.
    labels = np.arange(shape[0] * shape[1])
    sizes, limits = np.ones(len(labels), np.int64), np.full(len(labels), float(scale))
    weights, every = weights.astype(float), (first, second)
    chunks = iter(range(CHUNKS, 0, -1))
    while len(weights):
        count = -(-len(weights) // next(chunks, 1))
        parents, sizes, limits = _join(weights[:count], first[:count], second[:count], sizes, limits, scale)
        roots = parents == np.arange(len(parents))
        numbers = (roots.cumsum() - 1)[parents]
        labels, sizes, limits = numbers[labels], sizes[roots], limits[roots]
        weights, first, second = weights[count:], numbers[first[count:]], numbers[second[count:]]
        if len(weights):
            may = (first != second) & (np.minimum(limits[first], limits[second]) >= weights[0])
            weights, first, second = weights[may], first[may], second[may]
    while min_pixels > 1 and sizes.min() < min_pixels and len(sizes) > 1:
        first, second = (labels[each] for each in every)
        may = (first != second) & (np.minimum(sizes[first], sizes[second]) < min_pixels)
        parents = _join_small(first[may], second[may], sizes, min_pixels)
        roots = parents == np.arange(len(parents))
        labels = (roots.cumsum() - 1)[parents[labels]]
        sizes = np.bincount(labels)
    return labels.reshape(shape)


def _join_small(first: np.ndarray, second: np.ndarray, sizes: np.ndarray, min_pixels: int) -> np.ndarray:
    """Parents (root of every region) after joining small ones along edges."""
    parents, counts = list(range(len(sizes))), sizes.tolist()
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        while parents[a] != a:
            parents[a] = a = parents[parents[a]]
        while parents[b] != b:
            parents[b] = b = parents[parents[b]]
        if a != b and (counts[a] < min_pixels or counts[b] < min_pixels):
            a, b = min(a, b), max(a, b)
            parents[b] = a
            counts[a] += counts[b]
    return _roots(parents)


def _join(weights: np.ndarray, first: np.ndarray, second: np.ndarray, sizes: np.ndarray, limits: np.ndarray,
          scale: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents (root of every region), sizes and limits after joining along edges."""
    parents, counts, bounds = list(range(len(sizes))), sizes.tolist(), limits.tolist()
    for weight, a, b in zip(weights.tolist(), first.tolist(), second.tolist(), strict=True):
        while parents[a] != a:
            parents[a] = a = parents[parents[a]]
        while parents[b] != b:
            parents[b] = b = parents[parents[b]]
        if a != b and weight <= bounds[a] and weight <= bounds[b]:
            if b < a:
                a, b = b, a
            parents[b] = a
            counts[a] += counts[b]
            bounds[a] = weight + scale / counts[a]
    return _roots(parents), np.array(counts), np.array(bounds)


def _roots(tree: list[int]) -> np.ndarray:
    parents = np.array(tree)
    while not np.array_equal(parents, parents[parents]):
        parents = parents[parents]
    return parents
