"""Proposals by hierarchical grouping, after selective search (Uijlings et al. 2013), with nothing to compile."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmwsl.ops.proposals.graph_segmentation import pixel_edges, segment_edges
from mmwsl.ops.proposals.grouping import Regions, group_regions

COLOR_SPACES = {'lab': cv2.COLOR_RGB2LAB, 'hsv': cv2.COLOR_RGB2HSV_FULL, 'rgb': None}
SIMILARITIES = (('color', 'texture', 'size', 'fill'), ('texture', 'size', 'fill'))
BLUR = 0.8


def hierarchical(image: np.ndarray, max_boxes: int = 2000, max_side: int = 256,
                 scales: Sequence[float] = (60, 150), min_pixels: int = 10,
                 seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of regions, and of what hierarchical grouping makes of them, in three color spaces.

    The photo is reduced first. In each color space it is segmented at each scale, and each segmentation grouped twice:
    by all similarities, and by all but color. As in the paper, a box is the better the later in the grouping it came,
    times a random number.

    Args:
        image: (H, W, 3) uint8 RGB.
        max_boxes: at most so many, the best.
        max_side: longer side of the reduced photo in pixels; smaller photos stay as they are.
        scales, min_pixels: of the segmentations of the reduced photo; see :func:`graph_segmentation`.
        seed: of the random numbers.

    Returns:
        tuple: (N, 4) float32 x1 y1 x2 y2 in pixels of ``image``, x2 and y2 exclusive, best first, no two alike; and
        (N,) float32 scores in (0, 1], falling.

    Raises:
        ValueError: no uint8 RGB image with pixels.
    """
    check_image(image)
    height, width = image.shape[:2]
    factor = min(1, max_side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor < 1 else image
    random = np.random.default_rng(seed)
    boxes, ranks = [], []
    for conversion in COLOR_SPACES.values():
        colors = small if conversion is None else cv2.cvtColor(small, conversion)
        smooth = cv2.GaussianBlur(colors.astype(np.float32), (0, 0), BLUR)
        edges = pixel_edges(smooth)
        for scale in scales:
            regions = Regions(segment_edges(*edges, smooth.shape[:2], scale, min_pixels), colors)
            for similarities in SIMILARITIES:
                found = group_regions(regions, similarities)
                boxes.append(found)
                ranks.append(np.arange(len(found), 0, -1) * random.random(len(found)))
    return finish(np.concatenate(boxes) * np.tile([width / size[0], height / size[1]], 2), -np.concatenate(ranks),
                  max_boxes)


def check_image(image: np.ndarray) -> None:
    """Raise ValueError unless ``image`` is uint8 (H, W, 3) with pixels."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f'proposals need an image uint8 (H, W, 3), RGB; got {image.dtype} of shape {image.shape}')


def finish(boxes: np.ndarray, values: np.ndarray, max_boxes: int) -> tuple[np.ndarray, np.ndarray]:
    """The best boxes, best first, each once, and scores from 1 down to above 0 in place of ``values``."""
    order = np.argsort(-values, kind='stable')
    first = np.unique(boxes[order], axis=0, return_index=True)[1]
    chosen = order[np.sort(first)][:max_boxes]
    return boxes[chosen].astype(np.float32), (1 - np.arange(len(chosen)) / max(1, len(chosen))).astype(np.float32)
