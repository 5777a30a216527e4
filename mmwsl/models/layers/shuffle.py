"""MoCo's shuffling of the batch across ranks (He et al. 2020, section 3.3)."""

import torch

from mmwsl.dist import all_gather, from_first_rank, rank, world_size
from mmwsl.ops.tensors import keep_format


@torch.no_grad()
def shuffle_batch(images):
    """Shuffle the global batch across ranks, in one order that all ranks share (MoCo's shuffling BN).

    On one rank the order within the batch changes, which together with :class:`SplitBatchNorm` mixes the groups.

    Returns:
        tuple: this rank's slice (B, C, H, W) of the shuffled batch, and the permutation (W B,) for :func:`unshuffle`.
    """
    everything = all_gather(images)
    order = from_first_rank(torch.randperm(len(everything), device=images.device))
    return keep_format(everything[order.chunk(world_size())[rank()]], images), order


@torch.no_grad()
def unshuffle(features, order):
    """Undo :func:`shuffle_batch` on features (B, D): this rank's rows in their original order."""
    return all_gather(features)[order.argsort().chunk(world_size())[rank()]]
