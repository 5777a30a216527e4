"""Cross-entropy in which small clusters count more."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from mmwsl.ops.tensors import upcast


def cluster_weights(counts: torch.Tensor, power: float = 0.5, eps: float = 1e-5) -> torch.Tensor:
    """w_c = (n_c + eps)^-power, divided by their sum: (k,) floating point of the numbers of members ``counts`` (k,)."""
    weights = (counts.double() + eps).pow(-power)
    return weights / weights.sum()


def reweighted_cross_entropy(scores: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None = None,
                             mean: Callable[[torch.Tensor], torch.Tensor] | None = None) -> torch.Tensor:
    """Mean over the global batch of the cross-entropy, sample i counting with the weight of its class.

    Args:
        scores: (B, k) of this rank; taken in fp32 at least.
        labels: (B,) int64.
        weights: (k,), or None = all equal.
        mean: mean of a tensor over ranks (:func:`mmwsl.dist.all_mean`); one process needs none.

    Returns:
        scalar: this rank's part, so that the mean over ranks is sum(w_i l_i) / sum(w_i) of the global batch.
    """
    scores = upcast(scores)
    if weights is None:
        return F.cross_entropy(scores, labels)
    weight = weights[labels].to(scores.dtype)
    total = weight.sum() if mean is None else mean(weight.sum())
    return (weight * F.cross_entropy(scores, labels, reduction='none')).sum() / total
