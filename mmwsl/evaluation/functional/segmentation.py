"""Confusion matrix and IoU of class maps."""

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
