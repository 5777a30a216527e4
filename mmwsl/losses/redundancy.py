"""Losses on the statistics of embedding dimensions: pure functions of tensors, in fp32 or wider also under autocast.

Statistics are those of the global batch. ``total`` sums a tensor over ranks and carries a gradient that is summed in
turn (``mmwsl.dist.all_reduce``); one process needs none.
"""

from collections.abc import Callable

import torch

from mmwsl.ops.tensors import upcast

Total = Callable[[torch.Tensor], torch.Tensor]


def local(x: torch.Tensor) -> torch.Tensor:
    return x


def centre(x: torch.Tensor, total: Total = local) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows (B, D) without the mean of the global batch, and the size of that batch, a tensor of one element."""
    count = total(x.new_full((1,), len(x)))
    return x - total(x.sum(0)) / count, count


def product(first: torch.Tensor, second: torch.Tensor, total: Total = local) -> torch.Tensor:
    """firstᵀ second summed over the rows of all ranks, (B, D), (B, E) -> (D, E), never in less than fp32."""
    with torch.autocast(first.device.type, enabled=False):
        return total(first.T @ second)


def off_diagonal_square(matrix: torch.Tensor) -> torch.Tensor:
    """Sum of the squares beside the diagonal of a square matrix."""
    return matrix.square().sum() - matrix.diagonal().square().sum()


def cross_correlation(first: torch.Tensor, second: torch.Tensor, total: Total = local,
                      eps: float = 1e-5) -> torch.Tensor:
    """Correlation (D, D) over the global batch between the dimensions of ``first`` and ``second``, (B, D) each.

    Each dimension is normalised as batch normalisation does it: biased variance plus ``eps``.
    """
    def standard(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        centred, count = centre(upcast(x), total)
        return centred * (total(centred.square().sum(0)) / count + eps).rsqrt(), count

    (first, count), (second, _) = standard(first), standard(second)
    return product(first, second, total) / count


def barlow_twins(first: torch.Tensor, second: torch.Tensor, total: Total = local) -> tuple[torch.Tensor, torch.Tensor]:
    """The two terms of Barlow Twins (Zbontar et al. 2021, eq. 1), lambda left to the caller.

    Args:
        first, second: (B, D) embeddings of the two views on this rank.
        total: sum over ranks, see above.

    Returns:
        tuple of scalars: sum_i (1 - C_ii)² and sum_{i != j} C_ij², equal on all ranks.
    """
    correlation = cross_correlation(first, second, total)
    return (1 - correlation.diagonal()).square().sum(), off_diagonal_square(correlation)


def variance_and_covariance(x: torch.Tensor, total: Total = local,
                            eps: float = 1e-4) -> tuple[torch.Tensor, torch.Tensor]:
    """VICReg's two regularisers of one view (Bardes et al. 2022, eq. 1-4), over the global batch.

    Args:
        x: (B, D) embeddings on this rank; the global batch needs two rows or more.
        total: sum over ranks, see above.
        eps: added to the variance under the root.

    Returns:
        tuple of scalars, equal on all ranks: the mean over dimensions of relu(1 - std), and the sum of the squared
        covariances of different dimensions over D. Both use unbiased moments.
    """
    centred, count = centre(upcast(x), total)
    covariance = product(centred, centred, total) / (count - 1)
    std = (covariance.diagonal() + eps).sqrt()
    return torch.relu(1 - std).mean(), off_diagonal_square(covariance) / x.shape[1]
