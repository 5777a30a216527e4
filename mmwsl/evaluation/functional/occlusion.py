"""How well a scene was taken apart: order of its objects, and their whole shapes."""

import numpy as np


def order_accuracy(predicted: np.ndarray, true: np.ndarray) -> tuple[int, int, int, int]:
    """Right and all pairs of a scene's objects, and of these right and all pairs of which one hides some of the other.

    Args:
        predicted, true: (N, N), see :mod:`mmwsl.ops.occlusion.order`.

    Returns:
        tuple: (right, pairs, right among occluded pairs, occluded pairs).

    Raises:
        ValueError: shapes that differ.
    """
    if predicted.shape != true.shape:
        raise ValueError(f'predicted order {predicted.shape} and true one {true.shape} differ in shape')
    above = np.triu(np.ones(true.shape, dtype=bool), 1)
    right, occluded = predicted == true, above & (true != 0)
    return int((right & above).sum()), int(above.sum()), int((right & occluded).sum()), int(occluded.sum())


def shape_overlap(predicted: np.ndarray, true: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Pixels that decide how good whole shapes are: (N, 4) int64 of intersection and union with the true whole shape,
    and of intersection and union of what both have beyond the visible part.

    Args:
        predicted, true: bool (N, H, W), whole shapes.
        visible: bool (N, H, W), what is seen of them.

    Raises:
        ValueError: shapes that differ.
    """
    if not predicted.shape == true.shape == visible.shape:
        raise ValueError(f'masks differ in shape: predicted {predicted.shape}, true {true.shape}, visible '
                         f'{visible.shape}')
    found, hidden = predicted & ~visible, true & ~visible
    return np.stack([(each).sum((1, 2)) for each in (predicted & true, predicted | true, found & hidden,
                                                     found | hidden)], axis=1).astype(np.int64)
