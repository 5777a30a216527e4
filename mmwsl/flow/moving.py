"""The moving object of a frame: where the flow differs from the camera's, as a mask and a box, or not at all."""

from typing import NamedTuple

import cv2
import numpy as np

from mmwsl.flow.camera import remove_camera

LEAST_MOTION = 0.5  # pixels; a frame in which nothing moves more shows no object
FOREGROUND = (0.02, 0.6)  # shares of the frame between which a moving region may lie
DOMINANT = 0.6  # share of the moving pixels that the largest component must have


class MovingRegion(NamedTuple):
    """The largest moving region of a frame.

    Attributes:
        mask: bool (H, W).
        box: float32 (4,) left, top, right, bottom in pixels, right and bottom behind the last one.
        saliency: float32 (H, W) in [0, 1], see :func:`motion_saliency`.
    """
    mask: np.ndarray
    box: np.ndarray
    saliency: np.ndarray


def motion_saliency(flow: np.ndarray) -> np.ndarray:
    """How much each pixel moves against the camera: float32 (H, W) in [0, 1], 1 where the most; 0 if nothing does.

    The length of the flow that is left is smoothed a little, and divided by its 99th percentile.

    Args:
        flow: float32 (H, W, 2) of :func:`mmwsl.flow.estimate_flow`.
    """
    length = np.linalg.norm(remove_camera(flow), axis=-1)
    length = cv2.GaussianBlur(length, (0, 0), sigmaX=max(flow.shape[:2]) / 200)
    most = np.percentile(length, 99)
    if most < LEAST_MOTION:
        return np.zeros(flow.shape[:2], np.float32)
    return (length / most).clip(0, 1).astype(np.float32)


def moving_region(flow: np.ndarray, foreground: tuple[float, float] = FOREGROUND,
                  dominant: float = DOMINANT, earlier: np.ndarray | None = None) -> MovingRegion | None:
    """The moving object of a frame, or None where the frame does not show one clearly.

    The saliency is divided in two by Otsu's threshold. A frame is rejected whose moving share lies outside
    ``foreground``, or whose largest component has less than ``dominant`` of the moving pixels (Wang et al., weakly
    supervised region proposals from motion; the paper has no code, the thresholds are ours).

    Args:
        flow: float32 (H, W, 2).
        foreground: smallest and largest share of moving pixels.
        dominant: smallest share of them in one component.
        earlier: float32 (H, W, 2), flow of the same frame to the one before. With it only what moves in both directions
            counts: the ground that the object covers next seems to move with it in one of them, and in one alone.
    """
    saliency = motion_saliency(flow)
    if earlier is not None:
        saliency = np.minimum(saliency, motion_saliency(earlier))
    if not saliency.any():
        return None
    _, moving = cv2.threshold((255 * saliency).astype(np.uint8), 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    side = max(3, max(flow.shape[:2]) // 60 | 1)
    moving = cv2.morphologyEx(moving, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    if not foreground[0] <= moving.mean() <= foreground[1]:
        return None
    _, components, statistics, _ = cv2.connectedComponentsWithStats(moving, connectivity=8)
    largest = 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height, area = statistics[largest]
    if area < dominant * moving.sum():
        return None
    return MovingRegion(components == largest, np.array([left, top, left + width, top + height], np.float32), saliency)
