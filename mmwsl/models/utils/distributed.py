"""Collectives that carry gradients, and batch shuffling across ranks.

A gradient that DDP averages over W ranks is exact only if a gather sums, in backward, what every rank sends back for a
slice. torch's plain ``all_gather`` has no backward at all, and keeping only the local slice gives 1/W of the truth.
"""

import torch
import torch.distributed as dist


def world_size():
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank():
    return dist.get_rank() if world_size() > 1 else 0


class _AllGather(torch.autograd.Function):

    @staticmethod
    def forward(ctx, x):
        gathered = [torch.empty_like(x) for _ in range(world_size())]
        dist.all_gather(gathered, x)
        return torch.cat(gathered)

    @staticmethod
    def backward(ctx, grad):
        grad = grad.clone(memory_format=torch.contiguous_format)  # autograd may have given it to others as well
        dist.all_reduce(grad)
        return grad.chunk(world_size())[rank()]


class _AllReduce(torch.autograd.Function):

    @staticmethod
    def forward(ctx, x):
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, grad):
        grad = grad.clone()
        dist.all_reduce(grad)
        return grad


def all_gather(x):
    """Rows of every rank in rank order, (B, ...) -> (W B, ...); differentiable. One rank: ``x`` itself."""
    return x if world_size() == 1 else _AllGather.apply(x.contiguous())


def all_reduce(x):
    """Sum over ranks; differentiable. One rank: ``x`` itself."""
    return x if world_size() == 1 else _AllReduce.apply(x)


@torch.no_grad()
def shuffle_batch(images):
    """Spread the global batch over ranks in one random order that all ranks share (MoCo's shuffling BN).

    On one rank the order within the batch changes, which together with :class:`SplitBatchNorm` mixes the groups.

    Returns:
        tuple: this rank's slice (B, C, H, W) of the shuffled batch, and the permutation (W B,) for :func:`unshuffle`.
    """
    everything = all_gather(images)
    order = torch.randperm(len(everything), device=images.device)
    if world_size() > 1:
        dist.broadcast(order, src=0)
    shuffled = everything[order.chunk(world_size())[rank()]]
    if images.is_contiguous(memory_format=torch.channels_last):  # indexing may fall back to the plain layout
        shuffled = shuffled.contiguous(memory_format=torch.channels_last)
    return shuffled, order


@torch.no_grad()
def unshuffle(features, order):
    """Undo :func:`shuffle_batch` on the features (B, D) that came of it: this rank's rows in their first order."""
    return all_gather(features)[order.argsort().chunk(world_size())[rank()]]
