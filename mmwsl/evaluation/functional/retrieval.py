"""Retrieval of images of the same class or person: mean average precision and rank-1."""

import numpy as np


def retrieval_scores(similarity: np.ndarray, relevant: np.ndarray, counted: np.ndarray) -> dict[str, float]:
    """How well rankings begin with what is relevant.

    Average precision of a query is the mean, over the relevant images, of the share of relevant ones down to each;
    rank-1 is the share of queries whose first image is relevant. Queries without a relevant image are left out.

    Args:
        similarity: (Q, N), higher is nearer; equal ones rank in their order.
        relevant: (Q, N) bool.
        counted: (Q, N) bool, what is ranked at all: a query itself is not, nor are images of it by the same camera.

    Returns:
        dict: ``mAP`` and ``rank1`` in [0, 1], and ``queries``, the number of those with a relevant image.

    Raises:
        ValueError: shapes that differ, NaN, or no query with a relevant image.
    """
    if not similarity.shape == relevant.shape == counted.shape or similarity.ndim != 2:
        raise ValueError('retrieval_scores needs three arrays (Q, N); got '
                         f'{similarity.shape}, {relevant.shape} and {counted.shape}')
    if np.isnan(similarity).any():
        raise ValueError(f'{int(np.isnan(similarity).sum())} similarities are NaN: look for a diverged training')
    order = np.argsort(-np.where(counted, similarity, -np.inf), axis=1, kind='stable')
    hits = np.take_along_axis(relevant & counted, order, axis=1)
    asked = hits.any(axis=1)
    if not asked.any():
        raise ValueError(f'none of {len(hits)} queries has another image of its class; there is nothing to find')
    hits = hits[asked]
    precision = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
    average = (precision * hits).sum(axis=1) / hits.sum(axis=1)
    return dict(mAP=float(average.mean()), rank1=float(hits[:, 0].mean()), queries=float(asked.sum()))
