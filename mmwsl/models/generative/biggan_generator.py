"""BigGAN's generator (Brock et al. 2019): residual blocks that the class and a chunk of the noise condition."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.generative.biggan_layers import ConditionalNorm, SelfAttention, check_size, conv, spectral
from mmwsl.models.generative.blocks import BN
from mmwsl.models.layers import build_norm
from mmwsl.registry import MODELS

# of the first map and after each block, in multiples of ``channels``, by the side of the images
WIDTHS = {32: (4, 4, 4, 4), 64: (16, 16, 8, 4, 2), 128: (16, 16, 8, 4, 2, 1), 256: (16, 16, 8, 8, 4, 2, 1)}


class GeneratorBlock(nn.Module):
    """(B, C, H, W) and a code (B, D) to (B, C', 2H, 2W): norm, ReLU, doubling, convolution, norm, ReLU, convolution.

    The way around them is a doubling and a convolution 1x1.
    """

    def __init__(self, in_channels, out_channels, dims, norm_cfg, attention):
        super().__init__()
        self.norm1, self.norm2 = (ConditionalNorm(width, dims, norm_cfg) for width in (in_channels, out_channels))
        self.conv1, self.conv2 = conv(in_channels, out_channels), conv(out_channels, out_channels)
        self.shortcut = conv(in_channels, out_channels, 1)
        self.attention = SelfAttention(out_channels) if attention else nn.Identity()

    def forward(self, x, code):
        y = self.conv1(_double(F.relu(self.norm1(x, code))))
        y = self.conv2(F.relu(self.norm2(y, code)))
        return self.attention(y + self.shortcut(_double(x)))


def _double(x):
    return F.interpolate(x, scale_factor=2, mode='nearest')


@MODELS.register_module()
class BigGANGenerator(nn.Module):
    """Noise and a class to an image.

    The noise is split into equal chunks: the first makes the map of 4x4, each further one, beside an embedding of the
    class, the gains and biases of all norms of a block.

    Args:
        num_classes: C.
        noise_dims: D of the noise, a multiple of the number of chunks, which is that of blocks plus one.
        channels: width at full size.
        size: side of the images; 32, 64, 128 or 256.
        class_dims: of the embedding that all blocks share.
        attention: side of the map after which self-attention follows; where no map has it there is none.
        norm_cfg: norm of all blocks.

    Raises:
        ValueError: another ``size``, or a noise that cannot be split.
    """

    def __init__(self, num_classes=1000, noise_dims=140, channels=96, size=256, class_dims=128, attention=64,
                 norm_cfg=BN):
        super().__init__()
        check_size('BigGANGenerator', size, WIDTHS)
        widths = [channels * width for width in WIDTHS[size]]
        if noise_dims < len(widths) or noise_dims % len(widths):
            raise ValueError(f'BigGANGenerator: noise_dims={noise_dims} must be a multiple of {len(widths)}, the '
                             f'chunks that images of {size} px are made of')
        self.num_classes, self.noise_dims, self.channels, self.size = num_classes, noise_dims, channels, size
        self.chunk = noise_dims // len(widths)
        self.classes = nn.Embedding(num_classes, class_dims)
        nn.init.orthogonal_(self.classes.weight)
        self.linear = spectral(nn.Linear(self.chunk, widths[0] * 16))
        self.blocks = nn.ModuleList(
            GeneratorBlock(before, after, class_dims + self.chunk, norm_cfg, attention == 8 * 2**number)
            for number, (before, after) in enumerate(zip(widths, widths[1:], strict=False)))
        self.output = nn.Sequential(build_norm(norm_cfg, widths[-1]), nn.ReLU(), conv(widths[-1], 3), nn.Tanh())

    def forward(self, noise, labels):
        """``noise`` (B, D), ``labels`` (B,) int64 -> (B, 3, H, W) in [-1, 1]."""
        first, *chunks = noise.split(self.chunk, dim=1)
        known = self.classes(labels)
        x = self.linear(first).unflatten(1, (-1, 4, 4))
        for block, chunk in zip(self.blocks, chunks, strict=True):
            x = block(x, torch.cat([known, chunk], dim=1))
        return self.output(x)

    def free_blocks(self):
        """From the noise on, what a prior sets free bit by bit: not the embedding of classes."""
        return [self.linear, *self.blocks, self.output]
