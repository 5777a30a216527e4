"""Localization from maps: boxes at many thresholds, MaxBoxAcc and PxAP.

As Choe et al. 2020 ("Evaluating weakly supervised object localization methods right") measure it. Maps are arrays
(H, W); any code's maps can be scored. Boxes are (x1, y1, x2, y2) in pixels of the map, both corners inside the box, so
that a box is x2 - x1 + 1 pixels wide.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike

from mmwsl.ops import box_iou

LEVELS = 255
IOUS = (0.3, 0.5, 0.7)


def default_thresholds(step: float = 0.001) -> np.ndarray:
    """0, step, 2 step, ..., below 1."""
    return np.arange(0, 1, step)


def normalize_map(values: ArrayLike) -> np.ndarray:
    """Scale a map (H, W) to [0, 1] by its own minimum and maximum; a constant one becomes 0 everywhere.

    Raises:
        ValueError: another shape, an empty map, or a value that is not finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise ValueError(f'a map must be (H, W) with at least one pixel; got {values.shape}')
    if not np.isfinite(values).all():
        raise ValueError(f'{int((~np.isfinite(values)).sum())} of {values.size} values of the map are not finite')
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _checked(values: ArrayLike, thresholds: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(values)
    if values.ndim != 2 or not values.size:
        raise ValueError(f'a map must be (H, W) with at least one pixel; got {values.shape}')
    if np.isnan(values).any():
        raise ValueError(f'{int(np.isnan(values).sum())} of {values.size} values of the map are NaN: look for a '
                         'division by zero or a diverged training')
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f'the values of a map must lie in [0, 1], these in [{values.min():.4g}, {values.max():.4g}]; '
                         'see normalize_map')
    thresholds = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if thresholds.ndim != 1 or not len(thresholds) or not ((thresholds >= 0) & (thresholds < 1)).all():
        raise ValueError('thresholds must be one or more numbers from 0 to below 1')
    return values, thresholds


def boxes_at_limits(values: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find contours of ``values > limit`` for rising limits: boxes, areas, and the limit of each.

    What is above a higher limit lies within what is above a lower one, so each search looks only where the one before
    found anything.

    Args:
        values: uint8 (H, W).
        limits: rising whole numbers, none twice.

    Returns:
        tuple: boxes int32 (K, 4), areas (K,), indices (K,) into ``limits``, in the order OpenCV finds them. A limit
        that nothing is above has the one box (0, 0, 0, 0).
    """
    height, width = values.shape
    left, top, part = 0, 0, values
    boxes: list[tuple[int, int, int, int]] = []
    areas: list[float] = []
    indices: list[int] = []
    for index, limit in enumerate(limits):
        above = cv2.threshold(part, int(limit), 1, cv2.THRESH_BINARY)[1]
        contours = cv2.findContours(above, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE, offset=(left, top))[0]
        if not contours:
            boxes += [(0, 0, 0, 0)] * (len(limits) - index)
            areas += [0.0] * (len(limits) - index)
            indices += range(index, len(limits))
            break
        found = [cv2.boundingRect(contour) for contour in contours]
        boxes += [(x, y, x + w, y + h) for x, y, w, h in found]
        areas += [0.0] if len(contours) == 1 else [cv2.contourArea(contour) for contour in contours]
        indices += [index] * len(contours)
        x1, y1 = min(box[0] for box in found), min(box[1] for box in found)
        x2, y2 = max(box[0] + box[2] for box in found), max(box[1] + box[3] for box in found)
        if (x2 - x1) * (y2 - y1) < 0.8 * part.size:
            left, top, part = x1, y1, values[y1:y2, x1:x2]
    inside = np.minimum(np.array(boxes, dtype=np.int32), (width - 1, height - 1, width - 1, height - 1))
    return inside, np.array(areas), np.array(indices)


def boxes_from_map(values: ArrayLike, threshold: float, largest: bool = True) -> np.ndarray:
    """Bounding boxes of what is above ``threshold`` times the maximum of a map.

    Values are rounded down to 256 levels and compared strictly, ``u > int(threshold * max(u))``. The box of a contour
    reaches one pixel beyond it to the right and below, as far as the map goes; so does the reference's.

    Args:
        values: (H, W) in [0, 1].
        threshold: from 0 to below 1; CAM's paper has 0.2.
        largest: the contour of largest area alone (the first of several); otherwise all, inner ones of holes too.

    Returns:
        int32 (K, 4); one box (0, 0, 0, 0) if nothing is above the threshold, as in a constant map of zeros.

    Raises:
        ValueError: a shape, value or threshold outside that.
    """
    values, threshold = _checked(values, threshold)
    levels = (values * LEVELS).astype(np.uint8)
    boxes, areas, _ = boxes_at_limits(levels, (threshold * int(levels.max())).astype(int))
    return boxes[areas.argmax()][None] if largest else boxes


def box_from_saliency(image: np.ndarray, values: ArrayLike, foreground: float = 0.95, background: float = 0.3,
                      rounds: int = 5) -> np.ndarray:
    """Box of GrabCut seeded by a saliency map (Simonyan et al. 2014, section 3.2).

    What reaches the one quantile of the values seeds the object, what does not exceed the other the background. If the
    quantiles are equal, as in a constant map, the box is (0, 0, 0, 0).

    Args:
        image: uint8 (H, W, 3).
        values: (H, W), of any range.
        foreground, background: quantiles from 0 to 1, the former the higher.
        rounds: iterations of GrabCut.

    Returns:
        int32 (1, 4), of the largest connected part; as far to the right and below as :func:`boxes_from_map`.

    Raises:
        ValueError: an image and a map of different sizes, or quantiles in the wrong order.
    """
    image, values = np.ascontiguousarray(image), np.asarray(values, dtype=np.float64)
    if image.dtype != np.uint8 or image.shape != (*values.shape, 3):
        raise ValueError(f'the image must be uint8 (H, W, 3) of the size of the map; got {image.dtype} {image.shape} '
                         f'and {values.shape}')
    if not 0 <= background < foreground <= 1:
        raise ValueError(f'background={background} must be below foreground={foreground}, both from 0 to 1')
    low, high = np.quantile(values, (background, foreground))
    seeds = np.full(values.shape, cv2.GC_PR_BGD, dtype=np.uint8)
    seeds[values <= low], seeds[values >= high] = cv2.GC_BGD, cv2.GC_FGD
    if low == high:
        return np.zeros((1, 4), dtype=np.int32)
    cv2.setRNGSeed(0)  # its colour clusters start at random
    cv2.grabCut(image, seeds, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK)
    parts = cv2.connectedComponentsWithStats(((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)).astype(np.uint8))[2][1:]
    x, y, width, height = parts[parts[:, cv2.CC_STAT_AREA].argmax(), :4]
    height_of_image, width_of_image = values.shape
    return np.array([[x, y, min(x + width, width_of_image - 1), min(y + height, height_of_image - 1)]], dtype=np.int32)


def box_overlap(boxes: ArrayLike, others: ArrayLike) -> np.ndarray:
    """IoU (N, M) of boxes whose corners are both inside."""
    first, second = (torch.as_tensor(np.asarray(each, dtype=np.float64)) for each in (boxes, others))
    return box_iou(first, second, offset=1).numpy()


def peak_in_boxes(values: ArrayLike, boxes: ArrayLike) -> bool:
    """Whether the first pixel of a map's largest value lies in one of the boxes: the pointing game without a tolerance.

    Args:
        values: (H, W).
        boxes: (G, 4) in pixels of the map.
    """
    values, boxes = np.asarray(values), np.asarray(boxes)
    y, x = np.unravel_index(values.argmax(), values.shape)
    return bool(((boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])).any())


def best_overlaps(values: ArrayLike, boxes: ArrayLike, thresholds: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Best IoU of a map's boxes with any true box, at every threshold.

    Args:
        values: (H, W) in [0, 1].
        boxes: true boxes (G, 4), in pixels of the map.
        thresholds: (T,) from 0 to below 1.

    Returns:
        tuple: IoU (T,) of the largest contour's box, and (T,) of the best of all contours' boxes.

    Raises:
        ValueError: a shape or value outside that, or no true box.
    """
    values, thresholds = _checked(values, thresholds)
    boxes = np.asarray(boxes)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not len(boxes):
        raise ValueError(f'true boxes must be (G, 4) with G >= 1; got {boxes.shape}')
    levels = (values * LEVELS).astype(np.uint8)
    limits, inverse = np.unique((thresholds * int(levels.max())).astype(int), return_inverse=True)
    found, areas, indices = boxes_at_limits(levels, limits)
    overlaps = box_overlap(found, boxes).max(axis=1)
    starts = np.searchsorted(indices, np.arange(len(limits)))
    every = np.maximum.reduceat(overlaps, starts)
    order = np.lexsort((np.arange(len(areas)), -areas, indices))  # within a limit by area, then as found
    largest = overlaps[order[starts]]
    return largest[inverse], every[inverse]


def box_recall_curve(overlaps: ArrayLike, iou: float = 0.5) -> np.ndarray:
    """The share in [0, 1] of images whose box fits, (T,), of ``overlaps`` (N, T) for each image and threshold."""
    return (np.asarray(overlaps) >= iou).mean(axis=0)


def max_box_accuracy(overlaps: ArrayLike, thresholds: Sequence[float] | np.ndarray,
                     iou: float = 0.5) -> tuple[float, float]:
    """MaxBoxAcc: the share of images whose box fits, at the threshold where that share is highest.

    The maximum is taken after averaging over images; taken per image it would flatter.

    Args:
        overlaps: (N, T), for each image and threshold.
        thresholds: (T,).
        iou: least IoU of a box that fits.

    Returns:
        tuple: accuracy in [0, 1], its threshold (the lowest of several).
    """
    shares = box_recall_curve(overlaps, iou)
    return float(shares.max()), float(thresholds[int(shares.argmax())])


class PixelAveragePrecision:
    """PxAP: average precision of the pixels of all images, ranked by their value.

    Values are counted in bins between the thresholds, so that any number of images takes the same memory. Values of
    exactly 1 are a bin and an operating point of their own, above the last threshold, as in the reference.

    Args:
        thresholds: (T,), rising, from 0.
    """

    def __init__(self, thresholds: ArrayLike) -> None:
        self.thresholds = np.asarray(thresholds, dtype=np.float64)
        if self.thresholds.ndim != 1 or not len(self.thresholds) or (np.diff(self.thresholds) <= 0).any() \
                or self.thresholds[0] != 0 or self.thresholds[-1] >= 1:
            raise ValueError('thresholds must rise from 0 to below 1')
        self.counts = np.zeros((2, len(self.thresholds) + 1), dtype=np.int64)  # background, object

    def count(self, values: ArrayLike, foreground: ArrayLike, ignored: ArrayLike | None = None) -> np.ndarray:
        """Counts (2, T + 1) of one map: background and object, from each threshold to the next, and at 1.

        Args:
            values: (H, W) in [0, 1].
            foreground: bool (H, W), pixels of the object.
            ignored: bool (H, W), pixels that count as neither; what is foreground counts all the same.
        """
        values, _ = _checked(values, 0)
        foreground = np.asarray(foreground, dtype=bool)
        ignored = np.zeros_like(foreground) if ignored is None else np.asarray(ignored, dtype=bool)
        if foreground.shape != values.shape or ignored.shape != values.shape:
            raise ValueError(f'the map is {values.shape}, its mask {foreground.shape}, what is ignored '
                             f'{ignored.shape}; resize the map to the mask')
        edges = np.append(self.thresholds, 1.0)
        bins = np.searchsorted(edges, values, side='right') - 1
        return np.stack([np.bincount(bins[selected], minlength=len(edges))
                         for selected in (~foreground & ~ignored, foreground)])

    def add(self, values: ArrayLike, foreground: ArrayLike, ignored: ArrayLike | None = None) -> None:
        """Add one image; see :meth:`count`."""
        self.counts += self.count(values, foreground, ignored)

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Recall and precision (T + 1,), at 1 and from the highest threshold down; NaN where nothing is counted."""
        background, objects = self.counts[:, ::-1].cumsum(axis=1)
        with np.errstate(invalid='ignore'):
            return objects / objects[-1], objects / (objects + background)

    def compute(self) -> float:
        """PxAP in [0, 1]: the sum of precision times the recall gained; NaN if no pixel is an object's."""
        recall, precision = self.curve()
        gained = np.diff(recall, prepend=0.0)
        return float('nan') if np.isnan(recall[-1]) else float((np.nan_to_num(precision) * gained).sum())
