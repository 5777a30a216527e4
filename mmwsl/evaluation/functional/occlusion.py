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


def psnr(predicted: np.ndarray, true: np.ndarray, where: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of pixels (H, W, 3), 0 to 255, where ``where`` (H, W) is True; at most 100.

    Raises:
        ValueError: it is True nowhere.
    """
    if not where.any():
        raise ValueError('psnr: there is no pixel to compare; leave out objects of which nothing is hidden')
    error = np.square(predicted[where].astype(np.float64) - true[where]).mean()
    return float(min(10 * np.log10(255**2 / max(error, 1e-12)), 100.0))


def ssim(predicted: np.ndarray, true: np.ndarray, where: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004) of pixels (H, W, 3), 0 to 255: the mean of its map and of the channels
    where ``where`` (H, W) is True. Windows are Gaussian, sigma 1.5; the border is mirrored.

    Raises:
        ValueError: it is True nowhere.
    """
    if not where.any():
        raise ValueError('ssim: there is no pixel to compare; leave out objects of which nothing is hidden')
    from scipy.ndimage import gaussian_filter

    def smooth(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, (1.5, 1.5, 0), truncate=3.5)

    first, second = predicted.astype(np.float64), true.astype(np.float64)
    mean_first, mean_second = smooth(first), smooth(second)
    first_variance, second_variance = smooth(first**2) - mean_first**2, smooth(second**2) - mean_second**2
    covariance = smooth(first * second) - mean_first * mean_second
    small, large = (0.01 * 255)**2, (0.03 * 255)**2
    found = ((2 * mean_first * mean_second + small) * (2 * covariance + large)
             / ((mean_first**2 + mean_second**2 + small) * (first_variance + second_variance + large)))
    return float(found[where].mean())
