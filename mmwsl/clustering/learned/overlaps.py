"""Proposals that overlap become a partition: an item goes to the best proposal that has it."""

import numpy as np

from mmwsl.clustering.cdp import by_first_member
from mmwsl.clustering.learned.proposals import Proposals


def resolve_overlaps(proposals: Proposals, scores: np.ndarray, count: int,
                     kept: np.ndarray | None = None) -> np.ndarray:
    """Partition of N items by scored proposals, in time that is linear in the members.

    Args:
        proposals: of the items.
        scores: (P,), the higher the better; of equal ones the first goes first.
        count: N.
        kept: (M,) Booleans: members that a proposal keeps. Those that it does not keep are, together, one more
            proposal of the lowest rank.

    Returns:
        (N,) int64, clusters by their first members; -1 = in no proposal.
    """
    total = len(proposals.sizes)
    rank = np.empty(total, np.int64)
    rank[np.argsort(-np.asarray(scores, np.float64), kind='stable')] = np.arange(total)
    ranks = rank[proposals.owners]
    if kept is not None:
        ranks = np.where(kept, ranks, ranks + total)
    best = np.full(count, 2 * total, np.int64)
    np.minimum.at(best, proposals.members, ranks)
    return by_first_member(np.where(best < 2 * total, best, -1))
