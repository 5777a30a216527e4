"""What every view shares: random numbers per sample, constants on a device, and checks of arguments."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch


def uniform(shape: Sequence[int], low: float, high: float, device: torch.device | str | None,
            generator: torch.Generator | None = None) -> torch.Tensor:
    """Float32 tensor of ``shape`` drawn from U[low, high) on ``device``."""
    return torch.rand(shape, device=device, generator=generator).mul_(high - low).add_(low)


def bernoulli_mask(images: torch.Tensor, prob: float, generator: torch.Generator | None = None) -> torch.Tensor:
    """Boolean (B, 1, 1, 1), true for each sample with probability ``prob`` (0: never, 1: always)."""
    return torch.rand(len(images), 1, 1, 1, device=images.device, generator=generator) < prob


@lru_cache(maxsize=64)
def constant(values: tuple[Any, ...], device: torch.device | str | None,
             dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Tensor of a (nested) tuple, kept per device: making it anew would wait for the GPU in every step."""
    return torch.tensor(values, device=device, dtype=dtype)


def full_precision(images: torch.Tensor) -> torch.autocast:
    """Context in which matrix products on the images' device stay float32 although training runs under autocast."""
    return torch.autocast(images.device.type, enabled=False)


def check_images(images: torch.Tensor, also_uint8: bool = False) -> None:
    """Raise ValueError unless ``images`` is a (B, C, H, W) float32 tensor (or uint8 where ``also_uint8``)."""
    allowed = (torch.float32, torch.uint8) if also_uint8 else (torch.float32,)
    if images.ndim != 4 or images.dtype not in allowed:
        names = ' or '.join(str(dtype).removeprefix('torch.') for dtype in allowed)
        raise ValueError(f'images must be a (B, C, H, W) tensor of {names}, got {tuple(images.shape)} '
                         f'{images.dtype}; add the batch dimension, and divide uint8 images by 255')


def check_probability(**probabilities: float) -> None:
    """Raise ValueError unless each named value lies in [0, 1]."""
    for name, value in probabilities.items():
        if not 0 <= value <= 1:
            raise ValueError(f'{name}={value} is not a probability; give a number from 0 to 1')


def check_range(name: str, values: Sequence[float], above: float | None = None, low: float | None = None,
                high: float | None = None) -> tuple[float, float]:
    """Return ``values`` as a (low, high) tuple of floats.

    Raises:
        ValueError: not two ascending numbers, or not within the bounds (``above`` is exclusive, the others inclusive).
    """
    try:
        first, last = (float(value) for value in values)
    except (TypeError, ValueError):
        raise ValueError(f'{name}={values!r} must be a pair (smallest, largest)') from None
    limits = ' '.join(text for text, bound in ((f'> {above}', above), (f'>= {low}', low), (f'<= {high}', high))
                      if bound is not None)
    if not (first <= last and (above is None or first > above) and (low is None or first >= low)
            and (high is None or last <= high)):
        raise ValueError(f'{name}={values!r} must be a pair (smallest, largest) of numbers {limits}'.rstrip())
    return first, last
