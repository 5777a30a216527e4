"""Optical flow of two frames, by OpenCV or by an estimator of one's own."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

Estimator = Callable[[np.ndarray, np.ndarray], np.ndarray]

SMALLEST = 16  # side in pixels; DIS fails below 12


def _gray(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def _dis(preset: int) -> Estimator:
    def estimate(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        # made anew: it keeps the flow of its last pair as a start
        return cv2.DISOpticalFlow.create(preset).calc(_gray(first), _gray(second), None)  # type: ignore[call-overload]
    return estimate


def _farneback(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    settings: dict[str, Any] = dict(pyr_scale=0.5, levels=5, winsize=13, iterations=10, poly_n=7, poly_sigma=1.5,
                                    flags=0)
    return cv2.calcOpticalFlowFarneback(_gray(first), _gray(second), None, **settings)  # type: ignore[call-overload]


# name -> function of two frames uint8 (H, W, 3) RGB to float32 (H, W, 2)
ESTIMATORS: dict[str, Estimator] = {
    'dis': _dis(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM),
    'dis_fast': _dis(cv2.DISOPTICAL_FLOW_PRESET_FAST),
    'farneback': _farneback,
}


def register_estimator(name: str, estimator: Estimator) -> None:
    """Make an estimator of one's own known by a name, for instance a network's.

    Args:
        name: one that is free.
        estimator: function of two frames, uint8 (H, W, 3) RGB, that gives float32 (H, W, 2), dx and dy in pixels.

    Raises:
        ValueError: the name is taken.
    """
    if name in ESTIMATORS:
        raise ValueError(f'there is an estimator {name!r} of flow already; choose another name')
    ESTIMATORS[name] = estimator


def estimate_flow(first: np.ndarray, second: np.ndarray, method: str = 'dis') -> np.ndarray:
    """Flow from one frame to the next: the point (x, y) of the first is at (x + dx, y + dy) in the second.

    Args:
        first, second: uint8 (H, W, 3) RGB, of one size and at least 16 pixels wide and high.
        method: one of :data:`ESTIMATORS`: ``'dis'`` (Kroeger et al. 2016, arXiv:1603.03590), ``'dis_fast'``,
            ``'farneback'`` (2003), or a registered one.

    Returns:
        float32 (H, W, 2), dx and dy in pixels.

    Raises:
        ValueError: an unknown method, frames that are no such arrays or differ in size, or a flow that is not of the
            frames' size or not finite.
    """
    if method not in ESTIMATORS:
        raise ValueError(f'flow method {method!r} is unknown; choose one of {", ".join(ESTIMATORS)}')
    for frame in (first, second):
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or min(frame.shape[:2]) < SMALLEST:
            raise ValueError(f'a frame is {frame.dtype} of shape {frame.shape}; flow needs uint8 (H, W, 3) RGB, '
                             f'{SMALLEST} x {SMALLEST} pixels or more')
    if first.shape != second.shape:
        raise ValueError(f'the frames are of {first.shape[:2]} and {second.shape[:2]} pixels (height, width); flow '
                         'needs frames of one size')
    flow = np.asarray(ESTIMATORS[method](first, second), dtype=np.float32)
    if flow.shape != (*first.shape[:2], 2) or not np.isfinite(flow).all():
        raise ValueError(f'the estimator {method!r} gave a flow of shape {flow.shape} for frames of {first.shape[:2]}, '
                         'or values that are not finite; it must be (H, W, 2)')
    return flow
