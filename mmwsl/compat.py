"""What is known about versions and machines: the only place that asks torch, mmengine or the processor for it."""

import contextlib
import functools
import resource
import sys
import warnings
from pathlib import Path

import torch
from torch.torch_version import TorchVersion

OLDEST_TORCH = '2.6'  # before it, torch.load(weights_only=True) ran what a TorchScript archive holds


def check_torch() -> None:
    """Raise unless this torch reads files of weights without running code from them.

    Raises:
        RuntimeError: it is too old.
    """
    if TorchVersion(torch.__version__) < OLDEST_TORCH:
        raise RuntimeError(f'torch {torch.__version__} is too old to read checkpoints without running code from them; '
                           f'the files are not at fault: install torch {OLDEST_TORCH} or newer')


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


def reset_peak_memory():
    """Count the peak of :func:`peak_memory` anew from here, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path('/proc/self/clear_refs').write_text('5')


def peak_memory():
    """Largest resident memory of this process in bytes, mapped files included, since :func:`reset_peak_memory`.

    Elsewhere than on Linux: since its start.
    """
    try:
        lines = Path('/proc/self/status').read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith('VmHWM'))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == 'darwin' else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
