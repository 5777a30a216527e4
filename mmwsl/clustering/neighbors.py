"""Nearest neighbors of features, and what hangs together in a graph."""

import numpy as np
import torch
import torch.nn.functional as F

from mmwsl.clustering.kmeans import blocks


@torch.no_grad()
def nearest_neighbors(features: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The k other rows that are most similar to each row by the cosine, nearest first.

    Args:
        features: (N, D) floating point rows; normalized here.
        k: neighbors; fewer where there are not so many other rows.

    Returns:
        tuple: numbers (N, min(k, N - 1)) int64, and their similarities, -1 to 1.
    """
    rows = F.normalize(features.float(), dim=1)
    k = max(min(k, len(rows) - 1), 0)
    numbers, similarities, first = [], [], 0
    for part in blocks(rows, 4 * len(rows)):
        similarity = part @ rows.T
        own = torch.arange(len(part))
        similarity[own, own + first] = -2  # a row is no neighbor of its own, equal rows are
        best = similarity.topk(k, dim=1)
        numbers.append(best.indices)
        similarities.append(best.values.clamp(-1, 1))
        first += len(part)
    return torch.cat(numbers), torch.cat(similarities)


def connected_components(pairs: np.ndarray, count: int) -> list[list[int]]:
    """What hangs together by ``pairs``: lists of two numbers or more in ascending order, the largest list first.

    Args:
        pairs: (M, 2) numbers below ``count``.
        count: of the nodes.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components as label_components
    if not len(pairs):
        return []
    pairs = np.asarray(pairs)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    labels = label_components(graph, directed=False)[1]
    members: dict[int, list[int]] = {}
    for number in np.unique(pairs).tolist():
        members.setdefault(int(labels[number]), []).append(number)
    found = [each for each in members.values() if len(each) > 1]
    return sorted(found, key=lambda each: (-len(each), each[0]))
