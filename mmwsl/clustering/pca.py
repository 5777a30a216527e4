"""Features made ready for k-means: whitened principal components of rows that are spread over ranks."""

import numpy as np
import torch

from mmwsl.clustering.kmeans import blocks
from mmwsl.dist import from_first_rank, row_numbers, sum_over_ranks

MOST_NON_FINITE = 1e-3  # share of values
NEGLIGIBLE = 1e-7  # variance, as a share of the largest one


@torch.no_grad()
def replace_non_finite(features: torch.Tensor) -> torch.Tensor:
    """Zeros for the NaNs and infinities of ``features`` (n, D), if on all ranks they are a thousandth or less.

    Raises:
        FloatingPointError: on all ranks alike, if they are more.
    """
    bad = ~features.isfinite()
    count, total = sum_over_ranks(torch.stack([bad.sum(), bad.new_tensor(bad.numel(), dtype=torch.long)])).tolist()
    if count > MOST_NON_FINITE * total:
        raise FloatingPointError(f'{count} of {total} values of the features are NaN or infinite; a thousandth is put '
                                 'up with. Has training diverged? Try a lower learning rate')
    return torch.where(bad, 0, features) if count else features


@torch.no_grad()
def whiten(features: torch.Tensor, dims: int) -> torch.Tensor:
    """The first ``dims`` principal components of the rows, each with variance 1.

    Mean and covariance are those of all ranks' rows, centred, multiplied and summed in fp64, as the projection is:
    in fp32 the large components would drown the small ones. Components without variance (below 1e-7 of the
    largest) are 0 rather than noise blown up.

    Args:
        features: (n, D) rows of this rank; n may be 0.
        dims: number of components, at most D.

    Returns:
        (n, dims) of the features' dtype.

    Raises:
        ValueError: more components than dimensions, or fewer than two rows.
    """
    width, (_, total) = features.shape[1], row_numbers(features)
    if not 1 <= dims <= width:
        raise ValueError(f'{dims} principal components of features with {width} dimensions are impossible; choose 1 to '
                         f'{width}')
    if total < 2:
        raise ValueError(f'principal components need two rows or more, there are {total}')
    with torch.autocast(features.device.type, enabled=False):
        mean = sum_over_ranks(features.sum(0, dtype=torch.float64)) / total
        covariance = torch.zeros(width, width, dtype=torch.float64, device=features.device)
        for rows in blocks(features, width):
            centred = rows.double() - mean
            covariance += centred.T @ centred
        sum_over_ranks(covariance)
        variance, axes = torch.linalg.eigh(covariance.cpu() / (total - 1))  # ascending
        variance, axes = variance.flip(0)[:dims], axes.flip(1)[:, :dims]
        scale = torch.where(variance > NEGLIGIBLE * variance[0].clamp(min=1e-30), variance.clamp(min=1e-30).rsqrt(), 0)
        # of rank 0: the signs of the axes are a matter of taste
        axes = from_first_rank((axes * scale).to(features.device))
        return torch.cat([((rows.double() - mean) @ axes).to(features.dtype) for rows in blocks(features, width)])


def principal_components(known: np.ndarray, other: np.ndarray, dims: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both as their first principal components, which are those of the known ones; not whitened.

    Args:
        known: (N, D) float32.
        other: (M, D) float32.
        dims: components, as many as there are if they are fewer.
    """
    mean = known.mean(0)
    basis = np.linalg.svd(known - mean, full_matrices=False)[2][:dims].T
    return (known - mean) @ basis, (other - mean) @ basis
