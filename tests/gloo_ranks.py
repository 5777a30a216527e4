"""Runs a function on several gloo ranks; a helper of the tests."""

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def _rank(rank, function, size, folder):
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=size)
    try:
        torch.save(function(rank, size), folder / f'rank_{rank}.pt')
    finally:
        dist.destroy_process_group()


def on_ranks(function, folder, size=2):
    """What ``function(rank, size)``, importable by name, returns on each of ``size`` new processes.

    ``folder`` must be empty: the ranks meet in a file there, so that tests that run at once cannot meet each other.
    """
    mp.spawn(_rank, (function, size, folder), nprocs=size)
    return [torch.load(folder / f'rank_{rank}.pt') for rank in range(size)]
