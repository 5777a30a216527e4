"""How good generated images are: Fréchet distance and Inception score of any network's features and probabilities."""

import numpy as np


def feature_statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and covariance (D, D) in fp64 of features (N, D).

    Raises:
        ValueError: fewer than two rows, or no matrix.
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f'a covariance needs features (N, D) of two images or more, got shape {features.shape}')
    return features.mean(0), np.cov(features, rowvar=False).reshape(features.shape[1], features.shape[1])


def frechet_distance(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> float:
    """Fréchet distance of two Gaussians: |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)); the FID of their features.

    The trace of the root is that of (R S2 R)^(1/2) with R = S1^(1/2), which is symmetric, so that it is real and
    exists for singular covariances as well.

    Args:
        first, second: of :func:`feature_statistics`.

    Raises:
        ValueError: features of different lengths.
    """
    (mean, covariance), (other_mean, other) = first, second
    if mean.shape != other_mean.shape:
        raise ValueError(f'features of {len(mean)} and of {len(other_mean)} dimensions cannot be compared')
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ other @ root).clip(0)).sum()
    return float(np.square(mean - other_mean).sum() + np.trace(covariance) + np.trace(other) - 2 * shared)


def inception_score(probabilities: np.ndarray, splits: int = 10) -> float:
    """exp of the mean KL divergence of each image's class probabilities from their mean, averaged over splits.

    It is 1 where all images have the same probabilities and C where each is sure and all C classes occur equally.

    Args:
        probabilities: (N, C), rows that sum to 1.
        splits: parts of consecutive rows that are scored by themselves.

    Raises:
        ValueError: rows that do not sum to 1, or fewer rows than splits.
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.ndim != 2 or not np.allclose(rows.sum(1), 1, atol=1e-3):
        raise ValueError('probabilities must be (N, C) with rows that sum to 1')
    if not 1 <= splits <= len(rows):
        raise ValueError(f'splits={splits} must be from 1 to the number of images, {len(rows)}')
    scores = []
    for part in np.array_split(rows, splits):
        mean = part.mean(0, keepdims=True)
        # 0 log 0 is 0
        divergence = np.where(part > 0, part * (np.log(part.clip(1e-300)) - np.log(mean.clip(1e-300))), 0).sum(1)
        scores.append(np.exp(divergence.mean()))
    return float(np.mean(scores))


def mask_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """IoU of each pair of masks (N, H, W) bool; two empty masks have 1."""
    axes = tuple(range(1, first.ndim))
    either = (first | second).sum(axes)
    return np.where(either > 0, (first & second).sum(axes) / np.maximum(either, 1), 1.0)
