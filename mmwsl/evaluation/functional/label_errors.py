"""Likely label errors, by confident learning (Northcutt et al. 2021), and how well right labels were picked."""

import numpy as np


def label_errors(probabilities: np.ndarray, labels: np.ndarray,
                 least: float = 0.) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Photos whose label is likely wrong: those that another class claims with its own confidence.

    A class claims a photo whose probability of it is at least the mean probability over the photos that bear its label.
    Where classes claim a photo, the likeliest is its true one; if that is not its label, the label is doubted.

    Args:
        probabilities: (N, C) of a network that has not seen the photo's own label (cross-validated); rows that are NaN
            are left alone.
        labels: (N,) class numbers, -1 = none.
        least: confidence from which a label is doubted.

    Returns:
        tuple: (M,) numbers of the photos, the surest error first; (M,) the class that claims it; (M,) confidence, its
        probability less that of the given label.
    """
    known = (labels >= 0) & np.isfinite(probabilities).all(1)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)  # a class without photos claims none
    for number in range(classes):
        own = known & (labels == number)
        if own.any():
            thresholds[number] = probabilities[own, number].mean()
    claimed = np.where(known[:, None] & (probabilities >= thresholds), probabilities, -1.)
    suggested = claimed.argmax(1)
    doubted = np.flatnonzero((claimed.max(1) >= 0) & (suggested != labels))
    confidence = probabilities[doubted, suggested[doubted]] - probabilities[doubted, labels[doubted]]
    order = np.argsort(-confidence, kind='stable')
    order = order[confidence[order] >= least]
    return doubted[order], suggested[doubted][order], confidence[order]


def selection_scores(selected: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """How well labels that are right were picked among others (label precision and recall of Han et al. 2018).

    Args:
        selected: (N,) bool, whether each label was picked.
        right: (N,) bool, whether it is right.

    Returns:
        tuple: precision, the share of right labels among the picked, NaN if none was; recall, the share of the picked
        among the right, NaN if none is.

    Raises:
        ValueError: other shapes, or no label.
    """
    selected, right = np.asarray(selected, dtype=bool), np.asarray(right, dtype=bool)
    if selected.shape != right.shape or selected.ndim != 1 or not len(right):
        raise ValueError(f'selection_scores needs two arrays (N,) with N >= 1; got {selected.shape} and {right.shape}')
    both = float((selected & right).sum())
    picked, there = int(selected.sum()), int(right.sum())
    return both / picked if picked else float('nan'), both / there if there else float('nan')
