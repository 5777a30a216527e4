"""Hierarchical grouping (Uijlings et al. 2013): the two most similar neighbors are joined until one region is left."""

import heapq
from collections.abc import Sequence

import numpy as np

SIMILARITIES = ('color', 'texture', 'size', 'fill')
COLOR_BINS, TEXTURE_BINS = 25, 10
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


class Regions:
    """Regions of a segmentation, as far as grouping needs them.

    Args:
        labels: (H, W) of ints, every number from 0 to R - 1.
        image: (H, W, C) in [0, 255], of which the histograms are.

    Attributes:
        sizes: (R,) pixels.
        boxes: (R, 4) x1 y1 x2 y2 in pixels, x2 and y2 exclusive.
        colors: (R, C * 25), texture (R, C * 8 * 10): histograms, each row summing to 1.
        neighbors: list of R sets of numbers.
    """

    def __init__(self, labels: np.ndarray, image: np.ndarray):
        flat, count = labels.ravel(), int(labels.max()) + 1
        self.sizes = np.bincount(flat, minlength=count)
        self.boxes = _boxes(labels, count)
        self.colors = _histograms(flat, count, [image[..., c].ravel() / 256 for c in range(image.shape[2])], COLOR_BINS)
        self.textures = _histograms(flat, count, _gradients(image), TEXTURE_BINS)
        self.neighbors = _neighbors(labels, count)


def _boxes(labels: np.ndarray, count: int) -> np.ndarray:
    """The first and last rows and columns, of tables which label is in which row and column."""
    height, width = labels.shape
    boxes = np.empty((count, 4), np.int64)
    for axis, length, positions in ((1, height, np.arange(height)[:, None]), (0, width, np.arange(width)[None])):
        present = np.zeros((count, length), bool)
        present[labels, np.broadcast_to(positions, labels.shape)] = True
        boxes[:, axis] = present.argmax(1)
        boxes[:, axis + 2] = length - present[:, ::-1].argmax(1)
    return boxes


def _gradients(image: np.ndarray) -> list[np.ndarray]:
    """Planes in [0, 1): the rising and the falling part of the differences in four directions, of each channel."""
    planes = []
    image = image.astype(np.float32)
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode='edge')
    height, width = image.shape[:2]
    for down, right in DIRECTIONS:
        change = (padded[1 + down:1 + down + height, 1 + right:1 + right + width]
                  - padded[1 - down:1 - down + height, 1 - right:1 - right + width]) / 2
        for part in (np.maximum(change, 0), np.maximum(-change, 0)):
            # most differences are small: a square root gives them more of the bins
            planes += [np.sqrt(part[..., c] / 128.01).ravel() for c in range(part.shape[2])]
    return planes


def _histograms(flat: np.ndarray, count: int, planes: list[np.ndarray], bins: int) -> np.ndarray:
    """(R, len(planes) * bins) float32, each row summing to 1; the planes' values are in [0, 1)."""
    found = np.empty((count, len(planes), bins), np.float32)
    start = flat * bins
    for number, plane in enumerate(planes):
        found[:, number] = np.bincount(start + (plane * bins).astype(np.int64),
                                       minlength=count * bins).reshape(count, bins)
    flat_rows = found.reshape(count, -1)
    return flat_rows / flat_rows.sum(1, keepdims=True)


def _neighbors(labels: np.ndarray, count: int) -> list[set[int]]:
    neighbors: list[set[int]] = [set() for _ in range(count)]
    codes = []
    for a, b in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:]), (labels[:-1, :-1], labels[1:, 1:]),
                 (labels[:-1, 1:], labels[1:, :-1])):
        differ = a != b
        codes.append(a[differ] * count + b[differ])
    for code in np.unique(np.concatenate(codes)).tolist():
        a, b = divmod(code, count)
        neighbors[a].add(b)
        neighbors[b].add(a)
    return neighbors


def group_regions(regions: Regions, similarities: Sequence[str] = SIMILARITIES) -> np.ndarray:
    """Boxes of the regions and of everything that grouping makes of them.

    The similarity of two regions is the sum of: 'color' and 'texture', the intersection of their histograms; 'size', 1
    less their share of the image; 'fill', 1 less the share of the image that is within their common box and not theirs.

    Args:
        regions: of one image.
        similarities: which of the four count.

    Returns:
        (2 * R - 1, 4) int64 x1 y1 x2 y2, x2 and y2 exclusive: first the R regions, then by order of joining, so that
        the whole image is last.

    Raises:
        ValueError: none, or an unknown similarity.
    """
    unknown = [name for name in similarities if name not in SIMILARITIES]
    if unknown or not similarities:
        raise ValueError(f'similarities={tuple(similarities)}: give some of {", ".join(SIMILARITIES)}')
    count = len(regions.sizes)
    pixels = float(regions.sizes.sum())
    features = [values for name, values in (('color', regions.colors), ('texture', regions.textures))
                if name in similarities]
    histograms = np.zeros((2 * count - 1, sum(each.shape[1] for each in features)), np.float32)
    if features:
        histograms[:count] = np.concatenate(features, axis=1)
    sizes, boxes = np.zeros(2 * count - 1), np.zeros((2 * count - 1, 4), np.int64)
    sizes[:count], boxes[:count] = regions.sizes, regions.boxes
    neighbors = [set(each) for each in regions.neighbors]
    alive = [True] * count
    by_size, by_fill = 'size' in similarities, 'fill' in similarities

    def compare(one: int, others: list[int]) -> list[float]:
        found = np.minimum(histograms[others], histograms[one]).sum(1) if features else np.zeros(len(others))
        together = sizes[others] + sizes[one]
        if by_size:
            found = found + 1 - together / pixels
        if by_fill:
            low = np.minimum(boxes[others, :2], boxes[one, :2])
            high = np.maximum(boxes[others, 2:], boxes[one, 2:])
            found = found + 1 - ((high - low).prod(1) - together) / pixels
        return found.tolist()

    heap: list[tuple[float, int, int]] = []
    for one in range(count):
        others = sorted(each for each in neighbors[one] if each > one)
        if others:
            heap += [(-value, one, other) for value, other in zip(compare(one, others), others, strict=True)]
    heapq.heapify(heap)
    for new in range(count, 2 * count - 1):
        while True:
            _, a, b = heapq.heappop(heap)
            if alive[a] and alive[b]:
                break
        around = (neighbors[a] | neighbors[b]) - {a, b}
        alive[a] = alive[b] = False
        alive.append(True)
        for each in around:
            neighbors[each] -= {a, b}
            neighbors[each].add(new)
        neighbors.append(around)
        sizes[new] = sizes[a] + sizes[b]
        histograms[new] = (histograms[a] * sizes[a] + histograms[b] * sizes[b]) / sizes[new]
        boxes[new, :2] = np.minimum(boxes[a, :2], boxes[b, :2])
        boxes[new, 2:] = np.maximum(boxes[a, 2:], boxes[b, 2:])
        if around:
            others = sorted(around)
            for value, other in zip(compare(new, others), others, strict=True):
                heapq.heappush(heap, (-value, other, new))
    return boxes
