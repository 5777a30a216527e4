"""How near poses are: landmarks after a linear map, and joints after a change of scale."""

import numpy as np


def fit_landmarks(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The linear map without bias from landmarks to true points, by least squares: (2 K, 2 P).

    Args:
        found: (N, K, 2), from the middle of the image, as a map without bias has no other origin.
        true: (N, P, 2), from the middle too.

    Raises:
        ValueError: fewer images than unknowns of a coordinate, of which nothing can be learnt.
    """
    found, true = (np.asarray(each, float).reshape(len(each), -1) for each in (found, true))
    if len(found) < found.shape[1]:
        raise ValueError(f'{len(found)} images are fewer than the {found.shape[1]} coordinates of their landmarks; '
                         'give more, or fewer landmarks')
    return np.asarray(np.linalg.lstsq(found, true, rcond=None)[0])


def landmark_errors(found: np.ndarray, true: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Distances (N, P) of the true points from what :func:`fit_landmarks` makes of the landmarks, in their units."""
    predicted = np.asarray(found, float).reshape(len(found), -1) @ weights
    return np.asarray(np.linalg.norm(predicted.reshape(np.shape(true)) - true, axis=-1))


def n_mpjpe(predicted: np.ndarray, true: np.ndarray) -> float:
    """Mean distance of joints after the best change of scale, N-MPJPE, in the units of ``true``.

    The scale of each pose is that of least squares, ``s = sum p g / sum p p``.

    Args:
        predicted, true: (N, J, 3), both from the same root.
    """
    predicted, true = np.asarray(predicted, float), np.asarray(true, float)
    squares = (predicted**2).sum((1, 2), keepdims=True)
    scale = np.divide((predicted * true).sum((1, 2), keepdims=True), squares, out=np.zeros_like(squares),
                      where=squares > 0)
    return float(np.linalg.norm(scale * predicted - true, axis=-1).mean())
