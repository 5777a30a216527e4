"""Proposals by OpenCV's contrib build: selective search and edge boxes."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmwsl.ops.proposals.hierarchical import check_image, finish


def selective_search(image: np.ndarray, max_boxes: int = 2000, quality: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Selective search (Uijlings et al. 2013) of OpenCV.

    Args:
        image: (H, W, 3) uint8 RGB.
        max_boxes: at most so many, the best.
        quality: the slow mode with more boxes, not the fast one.

    Returns:
        tuple: (N, 4) float32 boxes and (N,) float32 scores in (0, 1]; see
        :func:`mmwsl.ops.proposals.hierarchical.hierarchical`.

    Raises:
        ValueError: no uint8 RGB image with pixels.
        ImportError: OpenCV is not the contrib build.
    """
    check_image(image)
    search = _ximgproc('segmentation', 'createSelectiveSearchSegmentation')()
    search.setBaseImage(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if quality:
        search.switchToSelectiveSearchQuality()
    else:
        search.switchToSelectiveSearchFast()
    boxes = np.asarray(search.process(), float).reshape(-1, 4)  # x y width height, best first
    boxes[:, 2:] += boxes[:, :2]
    return finish(boxes, -np.arange(len(boxes), dtype=float), max_boxes)


def edge_boxes(image: np.ndarray, max_boxes: int = 2000,
               edge_model: Path | str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Edge boxes (Zitnick and Dollar 2014) of OpenCV.

    Args:
        image: (H, W, 3) uint8 RGB.
        max_boxes: at most so many, the best.
        edge_model: file of structured edges as OpenCV reads it (``model.yml.gz``), with which the method was published;
            None = edges by the gradient of the smoothed image, which are worse.

    Returns:
        tuple: (N, 4) float32 boxes and (N,) float32 scores in (0, 1], by rank; a photo without
        edges has no boxes.

    Raises:
        ValueError: no uint8 RGB image with pixels.
        FileNotFoundError: no such model.
        ImportError: OpenCV is not the contrib build.
    """
    check_image(image)
    finder = _ximgproc('createEdgeBoxes')()
    finder.setMaxBoxes(max_boxes)
    found, values = finder.getBoundingBoxes(*_edges(image.astype(np.float32) / 255, edge_model))
    boxes = np.asarray(found, float).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    # without any edge there are no boxes, and None for their scores
    return finish(boxes, np.asarray(values, float).ravel()[:len(boxes)], max_boxes)


def _edges(image: np.ndarray, edge_model: Path | str | None) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 thin edges in [0, 1], and the directions across them in [0, pi)."""
    if edge_model is not None:
        if not Path(edge_model).is_file():
            raise FileNotFoundError(f'model of structured edges {edge_model} does not exist; correct the path, or '
                                    'leave it out for edges by the gradient')
        detector = _ximgproc('createStructuredEdgeDetection')(str(edge_model))
        edges = detector.detectEdges(image)
        orientation = detector.computeOrientation(edges)
        return detector.edgesNms(edges, orientation), orientation
    smooth = cv2.GaussianBlur(image, (0, 0), 1.5)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
    strength = np.hypot(across, down)
    channel = strength.argmax(2)[..., None]
    edges, across, down = (np.take_along_axis(each, channel, 2)[..., 0] for each in (strength, across, down))
    rows, columns = np.indices(edges.shape, np.float32)
    length = np.maximum(edges, 1e-6)
    beside = [cv2.remap(edges, columns + sign * across / length, rows + sign * down / length, cv2.INTER_LINEAR,
                        borderMode=cv2.BORDER_REPLICATE) for sign in (1, -1)]
    edges = np.where((edges >= beside[0]) & (edges >= beside[1]), edges, 0)
    return np.minimum(edges / max(float(edges.max()), 1e-6), 1), np.arctan2(down, across) % np.float32(np.pi)


def _ximgproc(*names: str) -> Any:
    found: Any = cv2
    for name in ('ximgproc', *names):
        found = getattr(found, name, None)
    if found is None:
        raise ImportError(f"this OpenCV has no ximgproc.{'.'.join(names)}: exchange it for its contrib build (pip "
                          "uninstall opencv-python, then pip install 'mmwsl[contrib]'), or take the method "
                          'hierarchical, which needs nothing more')
    return found
