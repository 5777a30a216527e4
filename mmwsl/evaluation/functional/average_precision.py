"""Average precision as the PASCAL VOC challenges define it."""

import numpy as np
from numpy.typing import ArrayLike

MODES = ('all_points', '11_points')
TIES = ('together', 'in_order')


def average_precision(scores: ArrayLike, labels: ArrayLike, mode: str = 'all_points',
                      positives: int | None = None, ties: str = 'together') -> float:
    """Average precision of one class over the max-interpolated precision-recall curve.

    ``all_points`` is the area under that curve (VOC from 2010 on, and VOC classification here); ``11_points`` the mean
    of its height at recall 0, 0.1, ..., 1 (VOC 2007). The recall thresholds are compared in whole numbers, so a recall
    of exactly 3/10 reaches the threshold 0.3.

    Args:
        scores: (N,) array, higher is better.
        labels: (N,) array of 1 (present), 0 (absent) and -1 (ignored: neither counted as hit nor as miss).
        mode: 'all_points' or '11_points'.
        positives: how many there are to be found, where not all of them have a score (detection); None: the labels 1.
        ties: what equal scores are: 'together' one threshold, as in scikit-learn, so that the order of the images says
            nothing; 'in_order' as many thresholds as there are, in their order, as VOC's development kit ranks
            detections.

    Returns:
        float: in [0, 1]; NaN if there is nothing to be found, because recall is then undefined.

    Raises:
        ValueError: shapes that differ, another label, a NaN score, an unknown mode or kind of ties, or fewer
            positives than hits.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if mode not in MODES:
        raise ValueError(f'mode={mode!r} is unknown; choose one of {", ".join(MODES)}')
    if ties not in TIES:
        raise ValueError(f'ties={ties!r} is unknown; choose one of {", ".join(TIES)}')
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ValueError(f'average_precision needs scores (N,) and labels (N,); got {scores.shape} and {labels.shape}')
    if not np.isin(labels, (-1, 0, 1)).all():
        raise ValueError('labels must be 1 (present), 0 (absent) or -1 (ignore); got '
                         f'{sorted(set(labels.tolist()) - {-1, 0, 1})[:5]}')
    if np.isnan(scores).any():
        raise ValueError(f'{int(np.isnan(scores).sum())} of {len(scores)} scores are NaN, first at '
                         f'{int(np.isnan(scores).argmax())}: look for a division by zero or a diverged training')
    counted = labels >= 0
    order = np.argsort(-scores[counted], kind='stable')
    hits, ranked = (labels == 1)[counted][order], scores[counted][order]
    positives = int(hits.sum()) if positives is None else positives
    if positives < hits.sum():
        raise ValueError(f'{int(hits.sum())} hits of {positives} positives: something is counted as found twice')
    if positives == 0:
        return float('nan')
    if not hits.any():
        return 0.0
    last = np.append(ranked[1:] != ranked[:-1], True) if ties == 'together' else slice(None)  # of each threshold
    found = np.cumsum(hits)[last]
    precision = found / np.arange(1, len(hits) + 1)[last]
    precision = np.maximum.accumulate(precision[::-1])[::-1]  # best precision at this recall or a higher one
    if mode == 'all_points':
        gained = np.diff(found, prepend=0)
        rises = gained > 0  # recall rises by 1/positives at each hit and nowhere else
        return float((gained[rises] * precision[rises]).sum() / positives)
    reached = 10 * found[-1] // positives  # 10 if everything is found
    at = [np.argmax(10 * found >= step * positives) for step in range(reached + 1)]
    return float(precision[at].sum() / 11)


def mean_average_precision(scores: ArrayLike, labels: ArrayLike, mode: str = 'all_points') -> tuple[float, np.ndarray]:
    """Mean over classes of :func:`average_precision`.

    Args:
        scores: (N, C) array.
        labels: (N, C) array of 1, 0 and -1 (ignore).
        mode: as for :func:`average_precision`.

    Returns:
        tuple: the mean over the classes that have a positive image, and the (C,) array of values, NaN for the others.

    Raises:
        ValueError: as :func:`average_precision`, or no class has a positive image.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.ndim != 2 or scores.shape != labels.shape:
        raise ValueError('mean_average_precision needs scores (N, C) and labels (N, C); got '
                         f'{scores.shape} and {labels.shape}')
    values = np.array([average_precision(scores[:, c], labels[:, c], mode) for c in range(scores.shape[1])])
    if np.isnan(values).all():
        raise ValueError('no class has a positive image, so there is no average precision to report: '
                         'are these the labels of the right split?')
    return float(np.nanmean(values)), values
