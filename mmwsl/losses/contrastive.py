"""Losses that compare embeddings: pure functions of tensors, in fp32 or wider also under autocast."""

import torch
import torch.nn.functional as F

from mmwsl.ops.tensors import normalize


def nt_xent(first: torch.Tensor, second: torch.Tensor, all_first: torch.Tensor, all_second: torch.Tensor,
            temperature: float, rank: int = 0) -> torch.Tensor:
    """SimCLR's loss for one rank's share of the batch (Chen et al. 2020, eq. 1).

    Row i of ``first`` and row i of ``second`` are the two views of an image. For each of the 2B local rows the
    positive is its other view, and the negatives are all rows of the global batch but itself.

    Args:
        first, second: (B, D) unit rows of this rank.
        all_first, all_second: (W B, D) the same of all ranks in rank order, gathered with gradient.
        temperature: T > 0.
        rank: which block of the global batch is this rank's.

    Returns:
        scalar: mean over the 2B local rows.
    """
    batch, total = len(first), len(all_first)
    with torch.autocast(first.device.type, enabled=False):  # bf16 would round a cosine of 1 to steps of 1/256
        similarity = torch.cat([first, second]) @ torch.cat([all_first, all_second]).T / temperature  # (2B, 2WB)
    own = torch.arange(batch, device=first.device) + rank * batch
    itself, other = torch.cat([own, own + total]), torch.cat([own + total, own])
    similarity = similarity.scatter(1, itself[:, None], float('-inf'))  # static shape: no host sync
    return F.cross_entropy(similarity, other)


def info_nce(query: torch.Tensor, key: torch.Tensor, negatives: torch.Tensor, temperature: float) -> torch.Tensor:
    """MoCo's loss (He et al. 2020, eq. 1): tell the key of the same image from a queue of others.

    Args:
        query, key: (B, D) unit rows; ``key`` carries no gradient.
        negatives: (K, D) unit rows.
        temperature: T > 0.

    Returns:
        scalar: mean over the batch.
    """
    with torch.autocast(query.device.type, enabled=False):
        positive = (query * key).sum(1, keepdim=True)  # (B, 1)
        logits = torch.cat([positive, query @ negatives.T], dim=1) / temperature  # (B, 1 + K)
    return F.cross_entropy(logits, torch.zeros(len(query), dtype=torch.long, device=query.device))


def in_batch_info_nce(query: torch.Tensor, keys: torch.Tensor, temperature: float, rank: int = 0) -> torch.Tensor:
    """MoCo v3's loss for one direction (Chen et al. 2021, algorithm 1): the negatives are the batch's other keys.

    Args:
        query: (B, D) unit rows of this rank.
        keys: (W B, D) unit rows of all ranks in rank order, without gradient.
        temperature: T > 0.
        rank: which block of ``keys`` belongs to ``query``.

    Returns:
        scalar: 2T times the mean over the batch, whose gradient hardly grows where T is small.
    """
    with torch.autocast(query.device.type, enabled=False):
        logits = query @ keys.T / temperature  # (B, W B)
    labels = torch.arange(len(query), device=query.device) + rank * len(query)
    return 2 * temperature * F.cross_entropy(logits, labels)


@torch.no_grad()
def correspondence(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """DenseCL's matching of two views (Wang et al. 2021, section 3.4): the most similar place for each place.

    Args:
        query, key: (B, C, S) and (B, C, R), the backbone's features at the places of two views.

    Returns:
        (B, S) int64: for each place of ``query`` the place of ``key`` of the largest cosine.
    """
    with torch.autocast(query.device.type, enabled=False):
        return torch.bmm(normalize(query).transpose(1, 2), normalize(key)).argmax(2)


def cosine_regression(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """BYOL's loss for one direction (Grill et al. 2020, eq. 2): 2 - 2 cos(prediction, target), batch mean.

    ``target`` (B, D) carries no gradient.
    """
    return 2 - 2 * (normalize(prediction) * normalize(target)).sum(1).mean()
