"""What the ranks of a process group must agree on while they cluster; on one rank, and without a group, nothing."""

import torch
import torch.distributed as dist


def world_size():
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank():
    return dist.get_rank() if world_size() > 1 else 0


def sum_over_ranks(x):
    """``x`` summed over the ranks, in place."""
    if world_size() > 1:
        dist.all_reduce(x)
    return x


def from_first_rank(x):
    """``x`` of rank 0, in place."""
    if world_size() > 1:
        dist.broadcast(x, src=0)
    return x


def row_numbers(features):
    """Where this rank's rows stand in the whole set, which is all ranks' rows in rank order.

    Returns:
        tuple: number of the first row, number of rows of all ranks.
    """
    counts = torch.zeros(world_size(), dtype=torch.long, device=features.device)
    counts[rank()] = len(features)
    counts = sum_over_ranks(counts).tolist()
    return sum(counts[:rank()]), sum(counts)


def assemble(values, indices, total):
    """Put together what the ranks know of their own items.

    Args:
        values: (n, ...) of this rank; n may differ from rank to rank, and may be 0.
        indices: (n,) int64, which of the ``total`` items they belong to.

    Returns:
        (total, ...): equal on all ranks.

    Raises:
        RuntimeError: on all ranks alike, if an item came not at all or more than once.
    """
    seen = torch.zeros(total, dtype=torch.long, device=values.device)
    sum_over_ranks(seen.index_add_(0, indices, torch.ones_like(indices)))
    wrong = (seen != 1).nonzero().flatten()
    if len(wrong):
        first = int(wrong[0])
        raise RuntimeError(f'{len(wrong)} of {total} items were not seen exactly once, the first is {first} '
                           f'({int(seen[first])} times). A dataset that replaces unreadable images (on_error=\'skip\') '
                           'cannot be clustered: leave them out when it is built (verify=True), or remove the files')
    whole = values.new_zeros(total, *values.shape[1:])
    whole[indices] = values
    return sum_over_ranks(whole)
