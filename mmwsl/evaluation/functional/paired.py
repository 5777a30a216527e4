"""Whether one network classifies better than another on the same photos."""

from typing import NamedTuple

import numpy as np


class Paired(NamedTuple):
    """Result of :func:`mcnemar`.

    Attributes:
        difference: accuracy of the first less that of the second, in points.
        only_first, only_second: photos that one alone classifies right.
        p: of so unequal a pair of counts, or a more unequal one, if both were equally good (exact, two-sided).
    """
    difference: float
    only_first: int
    only_second: int
    p: float


def mcnemar(first: np.ndarray, second: np.ndarray) -> Paired:
    """McNemar's exact test of two classifiers on the same photos.

    Args:
        first, second: (N,) bool, whether each photo was classified right.

    Raises:
        ValueError: other shapes, or no photo.
    """
    from scipy.stats import binomtest
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(f'a paired test needs two equal rows of photos, got shapes {first.shape} and {second.shape}')
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    apart = only_first + only_second
    p = float(binomtest(only_first, apart, 0.5).pvalue) if apart else 1.
    return Paired(100 * float(first.mean() - second.mean()), only_first, only_second, p)
