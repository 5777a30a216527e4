"""Cross-entropy in which small clusters count more."""

import torch.nn.functional as F

from mmwsl.models.losses.contrastive import wide
from mmwsl.models.utils.distributed import all_reduce, world_size


def cluster_weights(counts, power=0.5, eps=1e-5):
    """w_c = (n_c + eps)^-power, divided by their sum: (k,) floating point of the numbers of members ``counts`` (k,)."""
    weights = (counts.double() + eps).pow(-power)
    return weights / weights.sum()


def reweighted_cross_entropy(scores, labels, weights=None):
    """Mean over the global batch of the cross-entropy, sample i counting with the weight of its class.

    Args:
        scores: (B, k) of this rank; taken in fp32 at least.
        labels: (B,) int64.
        weights: (k,), or None = all equal.

    Returns:
        scalar: this rank's part, so that the mean over ranks is sum(w_i l_i) / sum(w_i) of the global batch.
    """
    scores = wide(scores)
    if weights is None:
        return F.cross_entropy(scores, labels)
    weight = weights[labels].to(scores.dtype)
    total = all_reduce(weight.sum()) / world_size()
    return (weight * F.cross_entropy(scores, labels, reduction='none')).sum() / total
