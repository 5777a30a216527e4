"""Errors of optical flow: end points, outliers, directions."""

import numpy as np


def _vectors(predicted: np.ndarray, true: np.ndarray, counted: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (N, 2) of the pixels that count: those whose true flow is finite, and where ``counted`` says so."""
    predicted, true = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    if predicted.shape != true.shape or true.shape[-1] != 2:
        raise ValueError(f'predicted flow {predicted.shape} and true flow {true.shape} must be of one shape (..., 2)')
    known = np.isfinite(true).all(-1)
    if counted is not None:
        known &= np.asarray(counted, bool)
    if not known.any():
        raise ValueError('no pixel counts: the true flow is nowhere known where it is asked for')
    return predicted[known], true[known]


def end_point_error(predicted: np.ndarray, true: np.ndarray, counted: np.ndarray | None = None) -> float:
    """Mean distance in pixels between the two ends.

    Args:
        predicted, true: (..., 2), dx and dy; pixels whose true flow is not finite do not count.
        counted: bool (...), pixels to look at; None = all.

    Raises:
        ValueError: shapes that differ, or no pixel that counts.
    """
    predicted, true = _vectors(predicted, true, counted)
    return float(np.linalg.norm(predicted - true, axis=-1).mean())


def flow_outliers(predicted: np.ndarray, true: np.ndarray, counted: np.ndarray | None = None) -> float:
    """KITTI's Fl in [0, 1]: the share of pixels that are wrong by more than 3 pixels and more than 5 % of their length.

    Args and errors as of :func:`end_point_error`.
    """
    predicted, true = _vectors(predicted, true, counted)
    error = np.linalg.norm(predicted - true, axis=-1)
    return float(((error > 3) & (error > 0.05 * np.linalg.norm(true, axis=-1))).mean())


def direction_cosine(predicted: np.ndarray, true: np.ndarray, counted: np.ndarray | None = None,
                     least: float = 0.5) -> float:
    """Mean cosine of the angle between the two where the true one is ``least`` pixels long or more; in [-1, 1].

    A prediction of no motion has a cosine of 0. Args and errors as of :func:`end_point_error`.
    """
    predicted, true = _vectors(predicted, true, counted)
    moving = np.linalg.norm(true, axis=-1) >= least
    if not moving.any():
        raise ValueError(f'no pixel counts: none moves by {least} pixels or more')
    predicted, true = predicted[moving], true[moving]
    lengths = np.linalg.norm(predicted, axis=-1) * np.linalg.norm(true, axis=-1)
    return float(((predicted * true).sum(-1) / np.maximum(lengths, 1e-12)).mean())
