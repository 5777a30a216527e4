"""Odd ones out: photos that lie far from all others."""

import numpy as np

SPREADS = 3.5


def oddness(similarities: np.ndarray) -> np.ndarray:
    """How far each photo lies from its neighbors: robust standard deviations above the median, (N,).

    The distance is the mean of 1 - cosine over the farther half of the neighbors, so that a few odd photos of one kind
    do not hide each other; the spread is 1.4826 times the median absolute deviation.

    Args:
        similarities: (N, k) of each photo's k nearest neighbors, nearest first. Odd photos of one kind are found if
            they are fewer than k / 2.
    """
    if similarities.shape[1] == 0:
        return np.zeros(len(similarities))
    distances = (1 - similarities[:, similarities.shape[1] // 2:]).mean(1)
    median = np.median(distances)
    spread = 1.4826 * np.median(np.abs(distances - median))
    scores: np.ndarray = (distances - median) / max(spread, 1e-6)
    return scores


def odd_ones(scores: np.ndarray, least: float = SPREADS, most: float = 0.05) -> np.ndarray:
    """Numbers of the odd photos, the oddest first.

    Args:
        scores: (N,) of :func:`oddness`.
        least: score from which a photo is odd.
        most: fraction of the photos that are listed at most, rounded up.
    """
    order = np.argsort(-scores, kind='stable')[:int(np.ceil(most * len(scores)))]
    return order[scores[order] >= least]
