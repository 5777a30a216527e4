"""Confusion matrix, IoU and boundary F of class maps."""

from typing import Any

import numpy as np


def confusion(predicted: np.ndarray, true: np.ndarray, num_classes: int, ignore: int = 255) -> np.ndarray:
    """Confusion matrix of pixels: true classes in rows, predicted ones in columns.

    Args:
        predicted, true: integer arrays of one shape; pixels whose true class is ``ignore`` do not count.
        num_classes: C.

    Returns:
        (C, C) int64 array.

    Raises:
        ValueError: shapes that differ, or a class number outside 0..C-1.
    """
    predicted, true = np.asarray(predicted), np.asarray(true)
    if predicted.shape != true.shape:
        raise ValueError(f'predicted class map {predicted.shape} and true one {true.shape} differ in shape')
    counted = true != ignore
    predicted, true = predicted[counted].astype(np.int64), true[counted].astype(np.int64)
    for name, values in (('predicted', predicted), ('true', true)):
        if len(values) and not 0 <= values.min() <= values.max() < num_classes:
            raise ValueError(f'{name} classes run from {values.min()} to {values.max()}; with {num_classes} classes '
                             f'they must lie in 0 to {num_classes - 1} (or be {ignore}, void)')
    return np.bincount(true * num_classes + predicted, minlength=num_classes**2).reshape(num_classes, num_classes)


def intersection_over_union(matrix: np.ndarray) -> dict[str, Any]:
    """Metrics of a confusion matrix summed over all images.

    Returns:
        dict: ``iou`` and ``accuracy`` (C,), NaN for classes that neither occur nor are predicted (that do not occur);
        ``mIoU``, ``mAcc``, their means over the others, and ``aAcc``, the share of pixels that are right. In [0, 1].
    """
    right, true, predicted = np.diag(matrix).astype(float), matrix.sum(1), matrix.sum(0)
    union = true + predicted - right
    iou = np.divide(right, union, out=np.full(len(matrix), np.nan), where=union > 0)
    accuracy = np.divide(right, true, out=np.full(len(matrix), np.nan), where=true > 0)
    return dict(iou=iou, accuracy=accuracy, mIoU=float(np.nanmean(iou)), mAcc=float(np.nanmean(accuracy)),
                aAcc=float(right.sum() / matrix.sum()))


def boundary(mask: np.ndarray) -> np.ndarray:
    """Pixels of a region that have a neighbor outside of it, left, right, above or below; the image's edge is none.

    Args:
        mask: bool (H, W).
    """
    inner = np.pad(mask, 1, mode='edge')
    return mask & ~(inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:])


def boundary_f(predicted: np.ndarray, true: np.ndarray, num_classes: int, tolerance: float = 0.0075,
               ignore: int = 255) -> np.ndarray:
    """Boundary F of each class in an image (Csurka et al. 2013).

    The harmonic mean of the share of predicted boundary pixels that lie near a true one, and of the true ones that lie
    near a predicted one. Predicted boundary pixels on void ones are neither right nor wrong, but true ones may lie near
    them: void lines around objects are wider than a good prediction is wrong.

    Args:
        predicted, true: integer arrays (H, W); pixels whose true class is ``ignore`` are of no class.
        num_classes: C.
        tolerance: what is near, as a share of the image's diagonal.

    Returns:
        (C,) in [0, 1]; NaN for classes without any boundary, and 0 for those of which one map alone has some.

    Raises:
        ValueError: shapes that differ.
    """
    from scipy.ndimage import distance_transform_edt
    predicted, true = np.asarray(predicted), np.asarray(true)
    if predicted.shape != true.shape:
        raise ValueError(f'predicted class map {predicted.shape} and true one {true.shape} differ in shape')
    near, counted = tolerance * np.hypot(*true.shape), true != ignore
    values = np.full(num_classes, np.nan)

    def share_near(pixels: np.ndarray, others: np.ndarray) -> float:
        """Share of ``pixels`` near one of ``others``; 1 where there are none that could be wrong."""
        if not pixels.any():
            return 1.0
        return float((distance_transform_edt(~others)[pixels] <= near).mean()) if others.any() else 0.0

    for number in range(num_classes):
        found, there = boundary(predicted == number), boundary(true == number)
        if (found & counted).any() or there.any():
            precision, recall = share_near(found & counted, there), share_near(there, found)
            values[number] = 2 * precision * recall / (precision + recall) if precision and recall else 0.0
    return values
