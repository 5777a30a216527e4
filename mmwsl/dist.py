"""Ranks: their process group, and collectives with and without gradient; on one process these change nothing.

A gradient that DDP averages over W ranks is exact only if a gather sums, in backward, what every rank sends back for a
slice. torch's plain ``all_gather`` has no backward at all, and keeping only the local slice gives 1/W of the truth.
"""

import gc
import os
import subprocess
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist


def init_process_group(launcher: str, backend: str | None = None, timeout: float = 1800) -> None:
    """Join the process group of torchrun (``'pytorch'``) or Slurm (``'slurm'``); NCCL on GPUs, gloo without.

    mmengine's own ``init_dist`` asks for a CUDA device and so cannot start ranks on a CPU.

    Raises:
        RuntimeError: the launcher's variables are not in the environment.
    """
    if launcher == 'slurm':
        _slurm_environment()
    missing = [name for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT') if name not in os.environ]
    if missing:
        raise RuntimeError(f'--launcher {launcher} needs {", ".join(missing)} in the environment: start the command '
                           'with torchrun --nproc-per-node N -m mmwsl ..., or in a clone with tools/dist_train.sh or '
                           'tools/slurm_train.sh; or leave --launcher out')
    local_rank = int(os.environ.setdefault('LOCAL_RANK', '0'))
    if torch.cuda.is_available():
        torch.cuda.set_device(local_rank % torch.cuda.device_count())
    else:
        backend = 'gloo'
    dist.init_process_group(backend or 'nccl', timeout=timedelta(seconds=timeout))


def leave_process_group() -> None:
    """End the process group once all ranks are done; nothing if there is none.

    A process that just exits tears gloo's threads down while they run, and now and then dies of it with an abort.
    """
    if dist.is_available() and dist.is_initialized():
        gc.collect()  # a distributed wrapper that is still alive may wait for a thread that the group has ended
        dist.barrier()
        dist.destroy_process_group()


def _slurm_environment() -> None:
    if 'SLURM_PROCID' not in os.environ:
        raise RuntimeError('--launcher slurm needs SLURM_PROCID in the environment: start ranks by '
                           'srun python -m mmwsl COMMAND ... (in a clone: tools/slurm_train.sh)')
    os.environ['RANK'] = os.environ['SLURM_PROCID']
    os.environ['WORLD_SIZE'] = os.environ['SLURM_NTASKS']
    os.environ['LOCAL_RANK'] = os.environ.get('SLURM_LOCALID', '0')
    os.environ.setdefault('MASTER_PORT', '29500')
    if 'MASTER_ADDR' not in os.environ:
        hosts = subprocess.run(['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']], check=True,
                               capture_output=True, text=True).stdout
        os.environ['MASTER_ADDR'] = hosts.split()[0]


def world_size() -> int:
    """Number of ranks; 1 without a process group."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Number of this rank; 0 without a process group."""
    return dist.get_rank() if world_size() > 1 else 0


class _AllGather(torch.autograd.Function):

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        gathered = [torch.empty_like(x) for _ in range(world_size())]
        dist.all_gather(gathered, x)
        return torch.cat(gathered)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        grad = grad.clone(memory_format=torch.contiguous_format)  # autograd may have given it to others as well
        dist.all_reduce(grad)
        return grad.chunk(world_size())[rank()]


class _AllReduce(torch.autograd.Function):

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        grad = grad.clone()
        dist.all_reduce(grad)
        return grad


def all_gather(x: torch.Tensor) -> torch.Tensor:
    """Rows of every rank in rank order, (B, ...) -> (W B, ...); differentiable. One rank: ``x`` itself."""
    return x if world_size() == 1 else _AllGather.apply(x.contiguous())


def all_reduce(x: torch.Tensor) -> torch.Tensor:
    """Sum over ranks; differentiable. One rank: ``x`` itself."""
    return x if world_size() == 1 else _AllReduce.apply(x)


def all_mean(x: torch.Tensor) -> torch.Tensor:
    """Mean over ranks; differentiable. One rank: ``x`` itself."""
    return x if world_size() == 1 else _AllReduce.apply(x) / world_size()


def sum_over_ranks(x: torch.Tensor) -> torch.Tensor:
    """``x`` summed over the ranks, in place."""
    if world_size() > 1:
        dist.all_reduce(x)
    return x


def max_over_ranks(x: torch.Tensor) -> torch.Tensor:
    """Largest ``x`` of all ranks, entry by entry, in place."""
    if world_size() > 1:
        dist.all_reduce(x, dist.ReduceOp.MAX)
    return x


def from_first_rank(x: torch.Tensor) -> torch.Tensor:
    """``x`` of rank 0, in place."""
    if world_size() > 1:
        dist.broadcast(x, src=0)
    return x


def row_numbers(features: torch.Tensor) -> tuple[int, int]:
    """Where this rank's rows stand in the whole set, which is all ranks' rows in rank order.

    Returns:
        tuple: number of the first row, number of rows of all ranks.
    """
    counts = torch.zeros(world_size(), dtype=torch.long, device=features.device)
    counts[rank()] = len(features)
    counts = sum_over_ranks(counts).tolist()
    return sum(counts[:rank()]), sum(counts)


def assemble(values: torch.Tensor, indices: torch.Tensor, total: int) -> torch.Tensor:
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
