"""Stochastic depth (Huang et al. 2016)."""

import torch
import torch.nn as nn


def drop_path(x, rate):
    """Zero the whole of some samples of a residual branch and enlarge the others by 1 / (1 - rate).

    Args:
        x: (B, ...).
        rate: probability of zeroing a sample, in [0, 1).
    """
    if rate == 0:
        return x
    kept = torch.rand((len(x),) + (1,) * (x.dim() - 1), device=x.device) >= rate
    return x * (kept / (1 - rate)).to(x.dtype)


def drop_path_rates(last, blocks):
    """Rates of ``blocks`` blocks that grow linearly from 0 at the first to ``last``."""
    return [last * block / max(blocks - 1, 1) for block in range(blocks)]


class DropPath(nn.Module):
    """:func:`drop_path` in training, nothing otherwise.

    Raises:
        ValueError: a rate outside [0, 1).
    """

    def __init__(self, rate=0.0):
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f'drop_path_rate={rate} is the share of dropped samples and must lie in [0, 1)')
        self.rate = rate

    def forward(self, x):
        return drop_path(x, self.rate) if self.training else x

    def extra_repr(self):
        return f'rate={self.rate}'
