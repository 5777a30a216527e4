"""Retrieval by frozen features: persons found again, or images of the same class; mAP and rank-1."""

import numpy as np
import torch.nn.functional as F

from mmwsl.protocols.base import Protocol
from mmwsl.registry import PROTOCOLS

QUERIES = 512  # ranked at once


def retrieval_scores(similarity, relevant, counted):
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


@PROTOCOLS.register_module(name='retrieval')
class Retrieval(Protocol):
    """Each test image asks for the others of its class, by cosine: ``retrieval_mAP``, ``retrieval_rank1`` in percent.

    Classes may be others than those of the training, as identities are where persons are found again; training
    features are not used.
    """

    def run(self, source):
        """Rank the test images for each of them; see :meth:`Protocol.run`.

        Raises:
            ValueError: test images without one class each, or of which none has another of its class.
        """
        _, test = source.features()
        if test.labels is None or test.labels.ndim != 1:
            raise ValueError('retrieval needs one class, or identity, for each test image, and these have '
                             + ('none' if test.labels is None else 'several tags each'))
        features, labels = F.normalize(test.features.float(), dim=1).numpy(), test.labels.numpy()
        totals, queries = dict(mAP=0.0, rank1=0.0), 0.0
        for start in range(0, len(labels), QUERIES):
            rows = slice(start, start + QUERIES)
            relevant = labels[rows, None] == labels[None]
            others = np.arange(len(labels))[rows, None] != np.arange(len(labels))[None]
            if not (relevant & others).any():
                continue
            found = retrieval_scores(features[rows] @ features.T, relevant, others)
            for name in totals:
                totals[name] += found[name] * found['queries']
            queries += found['queries']
        if not queries:
            raise ValueError(f'none of {len(labels)} test images has another of its class; there is nothing to find')
        settings = dict(images=len(labels), queries=int(queries), classes=len(np.unique(labels)))
        return [dict(metric=f'retrieval_{name}', value=100 * total / queries, settings=settings)
                for name, total in totals.items()]
