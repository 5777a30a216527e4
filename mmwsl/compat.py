"""What is known about versions and machines: the only place that asks torch, mmengine or the processor for it."""

import argparse
import functools
import os
import pickle
import warnings
from pathlib import Path

import torch


def renamed_arguments(**names):
    """Decorator of a function whose keyword arguments have new names: the old ones still work, with a warning.

    Args:
        names: old name = new name.

    Raises:
        TypeError: from a call, both names of one argument.
    """
    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            for old in kwargs.keys() & names:
                new, owner = names[old], function.__qualname__.removesuffix('.__init__')
                if new in kwargs:
                    raise TypeError(f'{owner}: {old} is the old name of {new}; give {new} alone')
                # said of this module: the caller is mmengine's registry, whose warnings the command line does not show
                warnings.warn(f'{owner}: {old} is now called {new}; the old name goes with the next release',
                              DeprecationWarning, stacklevel=1)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)
        return call
    return decorate


@functools.cache
def cpu_has_bf16():
    """Whether this processor multiplies bf16 natively; without that bf16 is slower than fp32 on a CPU."""
    try:
        flags = Path('/proc/cpuinfo').read_text()
    except OSError:
        return False
    return 'avx512_bf16' in flags or 'amx_bf16' in flags


def autocast_dtype(device_type):
    """The mixed-precision type that pays on a device: bf16, fp16 on GPUs without bf16, None for plain fp32."""
    if device_type == 'cpu':
        return torch.bfloat16 if cpu_has_bf16() else None
    if device_type == 'cuda' and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float16
    return torch.bfloat16


@functools.cache
def keep_freed_memory():
    """Let glibc keep freed memory for reuse instead of giving it back to the kernel, in this process, once.

    A training step on a CPU frees and asks for the same large activations again and again; with glibc's default every
    one of them is mapped, faulted in page by page and unmapped. Keeping them made a step of the small recipes about a
    tenth faster on two quiet cores, a third on one core of a busy machine. Has no effect where the C library is not
    glibc.

    Returns:
        bool: whether the C library took the settings.
    """
    import ctypes
    try:
        mallopt = ctypes.CDLL('libc.so.6').mallopt
    except (OSError, AttributeError):
        return False
    trim_threshold, mmap_threshold = -1, -3  # parameter numbers of <malloc.h>
    return bool(mallopt(mmap_threshold, 2**30) and mallopt(trim_threshold, 2**31 - 1))


@functools.cache
def compiled_ops():
    """``mmcv.ops`` where mmcv is installed with its compiled operations; None with ``mmcv-lite`` or without mmcv."""
    try:
        import mmcv.ops
    except (ImportError, OSError):  # OSError: compiled against another torch
        return None
    return mmcv.ops


def init_process_group(launcher, backend=None, timeout=1800):
    """Join the process group of torchrun (``'pytorch'``) or Slurm (``'slurm'``); NCCL on GPUs, gloo without.

    mmengine's own ``init_dist`` asks for a CUDA device and so cannot start ranks on a CPU.

    Raises:
        RuntimeError: the launcher's variables are not in the environment.
    """
    from datetime import timedelta

    import torch.distributed as dist
    if launcher == 'slurm':
        _slurm_environment()
    missing = [name for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT') if name not in os.environ]
    if missing:
        raise RuntimeError(f'--launcher {launcher} needs {", ".join(missing)} in the environment: start the tool with '
                           'tools/dist_train.sh (torchrun) or tools/slurm_train.sh, or leave --launcher out')
    local_rank = int(os.environ.setdefault('LOCAL_RANK', '0'))
    if torch.cuda.is_available():
        torch.cuda.set_device(local_rank % torch.cuda.device_count())
    else:
        backend = 'gloo'
    dist.init_process_group(backend or 'nccl', timeout=timedelta(seconds=timeout))


def leave_process_group():
    """End the process group once all ranks are done; nothing if there is none.

    A process that just exits tears gloo's threads down while they run, and now and then dies of it with an abort.
    """
    import gc

    import torch.distributed as dist
    if dist.is_available() and dist.is_initialized():
        gc.collect()  # a distributed wrapper that is still alive may wait for a thread that the group has ended
        dist.barrier()
        dist.destroy_process_group()


def _slurm_environment():
    import subprocess
    if 'SLURM_PROCID' not in os.environ:
        raise RuntimeError('--launcher slurm needs SLURM_PROCID in the environment: start with tools/slurm_train.sh')
    os.environ['RANK'] = os.environ['SLURM_PROCID']
    os.environ['WORLD_SIZE'] = os.environ['SLURM_NTASKS']
    os.environ['LOCAL_RANK'] = os.environ.get('SLURM_LOCALID', '0')
    os.environ.setdefault('MASTER_PORT', '29500')
    if 'MASTER_ADDR' not in os.environ:
        hosts = subprocess.run(['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']], check=True,
                               capture_output=True, text=True).stdout
        os.environ['MASTER_ADDR'] = hosts.split()[0]


def read_checkpoint(path, map_location='cpu', trust=False):
    """Load a checkpoint that consists of tensors and plain types; nothing in the file is executed.

    The options of a command line (``argparse.Namespace``), which many authors put beside the weights, count as plain.

    Args:
        path: the file; ``.pkl`` is a pickle of arrays, as detectron2 has them.
        map_location: where tensors go.
        trust: load other Python objects too. **This runs code from the file**, so only for files from people you trust.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is empty, truncated, not a checkpoint, or holds other Python objects.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    try:
        if path.suffix == '.pkl' and trust:
            with open(path, 'rb') as file:
                checkpoint = pickle.load(file, encoding='latin1')
        else:
            with torch.serialization.safe_globals([argparse.Namespace]):
                checkpoint = torch.load(path, map_location=map_location, weights_only=not trust)
    except Exception as error:  # on bytes that are no pickle the unpickler fails in any way
        if isinstance(error, pickle.UnpicklingError) and ('GLOBAL' in str(error) or 'Unsupported class' in str(error)):
            raise ValueError(
                f'checkpoint {path} holds Python objects beside tensors and plain types, which are not loaded because '
                'loading them would run code from the file. If you trust it, convert it once: mmwsl convert CHECKPOINT '
                'OUT --trust') from error
        # torch's UnpicklingError is a page of advice to load without the check, which would not help here
        text = 'not a pickle' if isinstance(error, pickle.UnpicklingError) else str(error).partition('\n')[0]
        raise ValueError(f'checkpoint {path} is not readable ({type(error).__name__}: {text}); is it truncated, or no '
                         'checkpoint at all?') from error
    if not isinstance(checkpoint, dict):
        raise ValueError(f'checkpoint {path} holds a {type(checkpoint).__name__}, not a dictionary')
    return checkpoint
