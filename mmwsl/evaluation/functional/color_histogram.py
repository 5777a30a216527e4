"""Color histograms: what can be told of a photo without a network."""

import cv2
import numpy as np


def color_histogram(image: np.ndarray, bins: int = 4) -> np.ndarray:
    """Root of the share of the pixels in each of ``bins``^3 boxes of the RGB cube: (bins^3,) float32 of length 1.

    The cosine of two of them is the Bhattacharyya coefficient of the histograms.

    Args:
        image: uint8 (H, W, 3).
        bins: boxes along each side.
    """
    counts = cv2.calcHist([image], [0, 1, 2], None, [bins] * 3, [0, 256] * 3)
    return np.sqrt(counts.ravel() / (image.shape[0] * image.shape[1])).astype(np.float32)
