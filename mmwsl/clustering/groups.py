"""Groups of features: how many there are, and which members are typical."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from mmwsl.clustering.kmeans import kmeans

CANDIDATES = (3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 32, 40)
SILHOUETTE_ROWS = 2000  # that the silhouette is taken of; it looks at every pair
COMPONENTS = 64  # of the features that are grouped
RESTARTS = 3  # of k-means; that with the lowest objective counts
SMALLEST = 5  # members a group should have on average


class Groups(NamedTuple):
    """Result of :func:`find_groups`.

    Attributes:
        assignments: (N,) int64, the group of each row; group 0 is the largest.
        members: for each group its rows, the most typical (nearest to the mean) first.
        silhouettes: number of groups -> mean silhouette, -1 to 1, of those that were tried; empty where the number was
            given.
    """
    assignments: torch.Tensor
    members: list[list[int]]
    silhouettes: dict[int, float]


def find_groups(features: torch.Tensor, number: int | None = None, candidates: Sequence[int] = CANDIDATES,
                seed: int = 0) -> Groups:
    """Group rows of length 1 by k-means of their principal components, in the number with the best silhouette.

    Args:
        features: (N, D) floating point rows; normalized here.
        number: of the groups; None = that of ``candidates`` (at most N / 5) with the best silhouette, 1 where none is
            so small.
        candidates: numbers to try.
        seed: of k-means and of the rows that the silhouette is taken of.

    Raises:
        ValueError: ``number`` is not 1 to N.
    """
    rows = F.normalize(features.float(), dim=1)
    if number is not None and not 1 <= number <= len(rows):
        raise ValueError(f'{number} groups of {len(rows)} photos are impossible; choose 1 to {len(rows)}')
    small = _components(rows)
    silhouettes, found = {}, {}
    for k in [number] if number else [k for k in candidates if k * SMALLEST <= len(rows)] or [1]:
        found[k] = min((kmeans(small, k, seed=seed + restart, distributed=False) for restart in range(RESTARTS)),
                       key=lambda result: result.objective)
        if number is None and k > 1:
            silhouettes[k] = _silhouette(small, found[k].assignments, seed)
    best = found[max(silhouettes, key=lambda k: silhouettes[k])] if silhouettes else next(iter(found.values()))
    order = best.counts.argsort(descending=True, stable=True)
    order = order[best.counts[order] > 0]
    assignments, members = torch.empty_like(best.assignments), []
    for new, old in enumerate(order.tolist()):
        inside = (best.assignments == old).nonzero().flatten()
        assignments[inside] = new
        typical = (rows[inside] @ rows[inside].mean(0)).argsort(descending=True, stable=True)
        members.append(inside[typical].tolist())
    return Groups(assignments, members, silhouettes)


def _components(rows: torch.Tensor) -> torch.Tensor:
    """The principal components of the rows, which hold nearly all of their distances."""
    centered = rows - rows.mean(0)
    if rows.shape[1] <= COMPONENTS:
        return centered
    return centered @ torch.linalg.eigh(centered.T @ centered)[1][:, -COMPONENTS:]


def _silhouette(rows: torch.Tensor, assignments: torch.Tensor, seed: int) -> float:
    from sklearn.metrics import silhouette_score
    chosen = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))[:SILHOUETTE_ROWS]
    labels = assignments[chosen].numpy()
    if not 1 < len(np.unique(labels)) < len(labels):
        return -1.
    return float(silhouette_score(rows[chosen].numpy(), labels, metric='euclidean'))
