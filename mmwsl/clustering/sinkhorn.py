"""Soft assignment of samples to clusters of equal size (Cuturi 2013; SwAV, Caron et al. 2020, eq. 3 to 5)."""

import torch

from mmwsl.dist import max_over_ranks, sum_over_ranks
from mmwsl.ops.tensors import upcast


@torch.no_grad()
def sinkhorn(scores: torch.Tensor, epsilon: float = 0.05, iterations: int = 3,
             distributed: bool = False) -> torch.Tensor:
    """Assign B samples to K clusters so that all clusters get about the same mass.

    Starting from exp(scores / epsilon), the columns (clusters) and then the rows (samples) are divided by their sums,
    ``iterations`` times. The paper's factors 1 / K, 1 / B and the division by the total cancel and are left out.

    Args:
        scores: (B, K) similarities. A row of ``-inf`` takes no part: it gets, and counts, nothing.
        epsilon: > 0; the smaller, the harder the assignment.
        iterations: >= 1.
        distributed: the rows of all ranks together are the samples. Every rank must then call it as often: the sums
            over ranks are taken in each iteration, whatever the scores are.

    Returns:
        (B, K), fp32 or wider, without gradient; each row sums to 1.

    Raises:
        ValueError: not a matrix, or a setting out of range.
    """
    if scores.dim() != 2:
        raise ValueError(f'sinkhorn takes scores (samples, clusters), got shape {tuple(scores.shape)}')
    if epsilon <= 0 or iterations < 1:
        raise ValueError(f'sinkhorn needs epsilon > 0 and at least one iteration, got {epsilon} and {iterations}')
    scores = upcast(scores)
    tiny = torch.finfo(scores.dtype).tiny
    largest = max_over_ranks(scores.max()) if distributed else scores.max()
    assignment = ((scores - largest) / epsilon).exp_()  # at most 1; a factor common to all entries changes nothing
    for _ in range(iterations):
        mass = assignment.sum(0)  # (K,) of each cluster
        if distributed:
            sum_over_ranks(mass)
        assignment /= mass.clamp_min_(tiny)
        assignment /= assignment.sum(1, keepdim=True).clamp_min_(tiny)
    return assignment
