"""Retrieval by frozen features: persons found again, or images of the same class."""

import numpy as np
import torch.nn.functional as F

from mmwsl.evaluation.functional.retrieval import retrieval_scores
from mmwsl.protocols.base import Protocol
from mmwsl.registry import PROTOCOLS

QUERIES = 512  # ranked at once


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
