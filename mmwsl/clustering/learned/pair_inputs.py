"""What CDP's mediator sees of a pair of items: how a committee's models are related on it (Zhan et al. 2018)."""

from collections.abc import Sequence

import numpy as np

from mmwsl.clustering.knn_graph import KNNGraph, Pairs, unit_rows

AT_ONCE = 2**22  # comparisons


def mediator_inputs(pairs: Pairs, graphs: Sequence[KNNGraph], features: Sequence[np.ndarray]) -> np.ndarray:
    """Relationship, affinity and structure of each pair, (M, 3 N + 2) float32 for N committee models and a base model.

    Args:
        pairs: of the base model's graph.
        graphs: of the same items by the base model, first, and the N others.
        features: (items, D) of each model; D may differ.

    Returns:
        N bits: whether one item is a neighbor of the other by each committee model; N + 1 cosines; N + 1 shares of the
        k neighbors that both items have.
    """
    related, affinity, structure = [], [], []
    for number, (graph, rows) in enumerate(zip(graphs, features, strict=True)):
        parts = []
        step = max(AT_ONCE // max(graph.ids.shape[1]**2, 1), 1)
        for start in range(0, len(pairs.source), step):
            one, other = pairs.source[start:start + step], pairs.target[start:start + step]
            near, far = graph.ids[one], graph.ids[other]
            both = (near == other[:, None]).any(1) | (far == one[:, None]).any(1)
            common = ((near[:, :, None] == far[:, None, :]) & (near[:, :, None] >= 0)).sum((1, 2))
            cosines = (unit_rows(rows[one], one) * unit_rows(rows[other], other)).sum(1).numpy()
            parts.append(np.stack([both, cosines, common / max(graph.ids.shape[1], 1)], 1).astype(np.float32))
        whole = np.concatenate(parts) if parts else np.zeros((0, 3), np.float32)
        if number:
            related.append(whole[:, 0])
        affinity.append(whole[:, 1])
        structure.append(whole[:, 2])
    return np.stack(related + affinity + structure, 1)


def pair_targets(pairs: Pairs, labels: np.ndarray) -> np.ndarray:
    """Whether both items of each pair are of one class, (M,) int64."""
    return (labels[pairs.source] == labels[pairs.target]).astype(np.int64)
