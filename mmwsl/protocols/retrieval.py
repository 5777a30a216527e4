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
    """Each query asks for the images of its class, by cosine: ``retrieval_mAP``, ``retrieval_rank1`` in percent.

    Where test samples have ``is_query``, those ask and the others are the gallery; otherwise each test image asks for
    the others. Classes may be others than those of the training, as identities are where persons are found again;
    training features are not used.

    Args:
        same_camera: whether images of the query's class by the query's camera count. False leaves them out, as
            re-identification does; None: False where test samples have ``camera``, else there is nothing to leave out.

    Raises:
        ValueError: from :meth:`run`, False and no cameras.
    """

    open_classes = True

    def __init__(self, same_camera=None):
        self.same_camera = same_camera

    def run(self, source):
        """Rank the gallery for each query; see :meth:`Protocol.run`.

        Raises:
            ValueError: test images without one class each, or queries of which none has an image to find; no gallery.
        """
        _, test = source.features()
        if test.labels is None or test.labels.ndim != 1:
            raise ValueError('retrieval needs one class, or identity, for each test image, and these have '
                             + ('none' if test.labels is None else 'several tags each'))
        if self.same_camera is False and test.cameras is None:
            raise ValueError('retrieval: same_camera=False, but the test samples do not say their camera; leave it out,'
                             ' or test on a set that does, such as Market1501')
        features, labels = F.normalize(test.features.float(), dim=1).numpy(), test.labels.numpy()
        everyone = np.arange(len(labels))
        queries, gallery = everyone, everyone
        if test.queries is not None:
            queries, gallery = everyone[test.queries.numpy()], everyone[~test.queries.numpy()]
            if not len(queries) or not len(gallery):
                raise ValueError(f'retrieval: {len(queries)} queries and a gallery of {len(gallery)} images; there '
                                 'must be both')
        cameras = None if test.cameras is None or self.same_camera else test.cameras.numpy()
        totals, asked = dict(mAP=0.0, rank1=0.0), 0.0
        for start in range(0, len(queries), QUERIES):
            rows = queries[start:start + QUERIES, None]
            relevant, counted = labels[rows] == labels[gallery], rows != gallery
            if cameras is not None:
                counted &= ~(relevant & (cameras[rows] == cameras[gallery]))
            if not (relevant & counted).any():
                continue
            found = retrieval_scores(features[rows[:, 0]] @ features[gallery].T, relevant, counted)
            for name in totals:
                totals[name] += found[name] * found['queries']
            asked += found['queries']
        if not asked:
            raise ValueError(f'none of {len(queries)} queries has another image of its class to find'
                             + (' by another camera' if cameras is not None else ''))
        settings = dict(images=len(labels), queries=int(asked), classes=len(np.unique(labels)))
        if test.queries is not None:
            settings['gallery'] = len(gallery)
        if cameras is not None:
            settings['same_camera'] = False
        return [dict(metric=f'retrieval_{name}', value=100 * total / asked, settings=settings)
                for name, total in totals.items()]
