"""Proposals by hierarchical grouping, after selective search (Uijlings et al. 2013), with nothing to compile."""

import cv2
import numpy as np

from mmwsl.ops.proposals.graph_segmentation import pixel_edges, segment_edges
from mmwsl.ops.proposals.grouping import Regions, group_regions

COLOR_SPACES = {'hsv': cv2.COLOR_RGB2HSV_FULL, 'rgb': None}
SIMILARITIES = (('color', 'texture', 'size', 'fill'), ('texture', 'size', 'fill'))
BLUR, SCALES, MIN_PIXELS = 0.8, (100, 150), 10  # of the segmentations
MIN_SIDE = 1 / 32  # of a box, to the longer side of the photo


def hierarchical(image: np.ndarray, max_boxes: int = 2000, max_side: int = 320,
                 seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of regions, and of what hierarchical grouping makes of them, in two color spaces.

    The photo is reduced, segmented in each color space at two scales, and each segmentation grouped twice: by all
    similarities, and by all but color. As in the paper, a box is the better the later in the grouping it came, times a
    random number. Thin boxes are left out: they are many, and hardly any object is so thin.

    Args:
        image: (H, W, 3) uint8 RGB.
        max_boxes: at most so many, the best.
        max_side: longer side of the reduced photo in pixels; smaller photos stay as they are.
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
    grouped, ranks = [], []
    for conversion in COLOR_SPACES.values():
        colors = small if conversion is None else cv2.cvtColor(small, conversion)
        edges = pixel_edges(cv2.GaussianBlur(colors.astype(np.float32), (0, 0), BLUR))
        for scale in SCALES:
            regions = Regions(segment_edges(*edges, colors.shape[:2], scale, MIN_PIXELS), colors)
            for similarities in SIMILARITIES:
                found = group_regions(regions, similarities)
                grouped.append(found)
                ranks.append(np.arange(len(found), 0, -1) * random.random(len(found)))
    boxes, values = np.concatenate(grouped), -np.concatenate(ranks)
    wide = (boxes[:, 2:] - boxes[:, :2]).min(1) >= min(MIN_SIDE * max(size), *size)
    return finish(boxes[wide] * np.tile([width / size[0], height / size[1]], 2), values[wide], max_boxes)


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
