"""Layers of BigGAN: weights of spectral norm 1, norms that a code conditions, self-attention."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.parametrizations import spectral_norm

from mmwsl.models.generative.blocks import BN
from mmwsl.models.layers import build_norm
from mmwsl.ops.tensors import upcast


def spectral(layer):
    """A convolution, linear layer or embedding, orthogonal at the start, its weight divided by its spectral norm.

    The norm is that of a power iteration of which every forward pass in training makes one step (Miyato et al. 2018).
    """
    nn.init.orthogonal_(layer.weight)
    if getattr(layer, 'bias', None) is not None:
        nn.init.zeros_(layer.bias)
    return spectral_norm(layer, eps=1e-6)


def conv(in_channels, out_channels, kernel=3, bias=True):
    """Convolution of spectral norm 1 that keeps the size."""
    return spectral(nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=bias))


class ConditionalNorm(nn.Module):
    """Batch norm whose gain, about 1, and bias are linear in a code (B, ``dims``) of each image."""

    def __init__(self, channels, dims, norm_cfg=BN):
        super().__init__()
        self.norm = build_norm(dict(norm_cfg, affine=False), channels)
        self.gain, self.bias = (spectral(nn.Linear(dims, channels, bias=False)) for _ in range(2))

    def forward(self, x, code):
        return self.norm(x) * (1 + self.gain(code))[..., None, None] + self.bias(code)[..., None, None]


class SelfAttention(nn.Module):
    """x plus ``gamma``, 0 at the start, times what every place takes from all others (Zhang et al. 2019).

    Keys and values are those of the largest of 2x2 places.

    Raises:
        ValueError: fewer than 8 channels.
    """

    def __init__(self, channels):
        super().__init__()
        if channels < 8:
            raise ValueError(f'SelfAttention: queries have an eighth of the {channels} channels; give 8 or more')
        self.query, self.key = (conv(channels, channels // 8, 1, bias=False) for _ in range(2))
        self.value = conv(channels, channels // 2, 1, bias=False)
        self.output = conv(channels // 2, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        query = self.query(x).flatten(2)  # (B, C / 8, HW)
        key, value = (F.max_pool2d(layer(x), 2).flatten(2) for layer in (self.key, self.value))  # (B, ., HW / 4)
        weights = upcast(query.transpose(1, 2) @ key).softmax(-1).to(value.dtype)
        taken = (value @ weights.transpose(1, 2)).unflatten(2, x.shape[2:])
        return x + self.gamma * self.output(taken)


def check_size(name, size, widths):
    """Raise ValueError unless there are widths for images of ``size`` px."""
    if size not in widths:
        raise ValueError(f'{name}: there is no published network for images of {size} px; choose '
                         f'{", ".join(map(str, widths))}')
