"""The camera's part of a flow: what a homography explains of the whole frame."""

import cv2
import numpy as np

GRID = 40  # points along the longer side that the homography is fitted to
TOLERANCE = 1.0  # pixels by which an inlier may miss it
LEAST_INLIERS = 0.3  # share of the points; with fewer the median flow stands for the camera


def camera_flow(flow: np.ndarray) -> np.ndarray:
    """The flow of a still scene under the camera's motion: of the homography that most points agree on.

    It is fitted by RANSAC (MAGSAC) to points on a grid; where fewer than 30 % agree, or none can be fitted, it is the
    median flow. The same flow gives the same result.

    Args:
        flow: float32 (H, W, 2), dx and dy in pixels.

    Returns:
        float32 (H, W, 2).
    """
    height, width = flow.shape[:2]
    step = max(1, max(height, width) // GRID)
    y, x = np.mgrid[step // 2:height:step, step // 2:width:step]
    source = np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float32)
    target = source + flow[y, x].reshape(-1, 2)
    if len(source) >= 8:
        cv2.setRNGSeed(0)
        matrix, inliers = cv2.findHomography(source, target, cv2.USAC_MAGSAC, TOLERANCE)
        if matrix is not None and inliers.mean() >= LEAST_INLIERS:
            every = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
            moved = cv2.perspectiveTransform(every.reshape(1, -1, 2), matrix).reshape(height, width, 2)
            if np.isfinite(moved).all():
                return (moved - every).astype(np.float32)
    return np.broadcast_to(np.median(flow.reshape(-1, 2), axis=0), flow.shape).astype(np.float32)


def remove_camera(flow: np.ndarray) -> np.ndarray:
    """What is left of a flow without :func:`camera_flow`: the motion of objects."""
    return flow - camera_flow(flow)
