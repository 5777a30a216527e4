"""What generators and discriminators of images are built of: gated blocks, stages that double a map, strided encoders.

Widths and the order of layers are those of StackGAN++ (Zhang et al. 2018), which FineGAN (Singh et al. 2019) kept.
"""

import math

import torch
import torch.nn as nn

from mmwsl.models.layers import build_norm

BN = dict(type='BN')


class GLU(nn.Module):
    """Gated linear unit: the first half of the channels times the sigmoid of the second; halves the channels."""

    def forward(self, x):
        value, gate = x.chunk(2, dim=1)
        return value * gate.sigmoid()


def conv3x3(in_channels, out_channels):
    """Convolution 3x3 that keeps the size, without bias."""
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)


def gated_block(in_channels, out_channels, norm_cfg, double=False):
    """Convolution, norm, GLU; ``double``: on a map of twice the side."""
    upsampling = [nn.Upsample(scale_factor=2, mode='nearest')] if double else []
    return nn.Sequential(*upsampling, conv3x3(in_channels, 2 * out_channels),
                         build_norm(norm_cfg, 2 * out_channels), GLU())


class ResidualBlock(nn.Module):
    """x plus a gated block and a convolution with norm of x."""

    def __init__(self, channels, norm_cfg):
        super().__init__()
        self.layers = nn.Sequential(gated_block(channels, channels, norm_cfg), conv3x3(channels, channels),
                                    build_norm(norm_cfg, channels))

    def forward(self, x):
        return x + self.layers(x)


def doublings(size):
    """How often a map of 4x4 must be doubled to give ``size``.

    Raises:
        ValueError: ``size`` is not 4 times a power of two, 8 or more.
    """
    count = round(math.log2(size / 4)) if size >= 8 else 0
    if count < 1 or 4 * 2**count != size:
        raise ValueError(f'images of {size} px cannot be made by doubling a map of 4x4; choose 16, 32, 64, 128, ...')
    return count


class InitialStage(nn.Module):
    """Codes (B, D) to a map (B, ``channels``, size, size): a 4x4 map by a linear layer, then doublings.

    Each doubling halves the width; with ``keep_last`` all but the last, so that 1024 become 64 at 128 px, and without
    at 64 px.
    """

    def __init__(self, dims, channels, size, norm_cfg=BN, keep_last=True):
        super().__init__()
        count = doublings(size)
        width = channels * 2**(count - keep_last)
        self.linear = nn.Sequential(nn.Linear(dims, 2 * width * 16, bias=False),
                                    build_norm(norm_cfg, 2 * width * 16, dims=0), GLU())
        widths = [max(width // 2**number, channels) for number in range(count + 1)]
        self.blocks = nn.Sequential(*(gated_block(before, after, norm_cfg, double=True)
                                      for before, after in zip(widths, widths[1:], strict=False)))

    def forward(self, codes):
        x = self.linear(codes)
        return self.blocks(x.view(len(x), -1, 4, 4))


class NextStage(nn.Module):
    """A map and a code (B, D) to a map of half the width: joint convolution, residual blocks, a gated block."""

    def __init__(self, channels, dims, blocks=2, norm_cfg=BN, double=False):
        super().__init__()
        self.joint = gated_block(channels + dims, channels, norm_cfg)
        self.residual = nn.Sequential(*(ResidualBlock(channels, norm_cfg) for _ in range(blocks)))
        self.last = gated_block(channels, channels // 2, norm_cfg, double)

    def forward(self, x, code):
        planes = code[:, :, None, None].to(x.dtype).expand(-1, -1, *x.shape[2:])
        return self.last(self.residual(self.joint(torch.cat([planes, x], dim=1))))


def image_layer(channels):
    """A map to an image in [-1, 1]."""
    return nn.Sequential(conv3x3(channels, 3), nn.Tanh())


def mask_layer(channels):
    """A map to a mask (B, 1, H, W) in [0, 1]."""
    return nn.Sequential(conv3x3(channels, 1), nn.Sigmoid())


def leaky_block(in_channels, out_channels, norm_cfg, kernel=3, stride=1, padding=1):
    """Convolution, norm (None for none), LeakyReLU .2."""
    norm = [build_norm(norm_cfg, out_channels)] if norm_cfg else []
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False), *norm,
                         nn.LeakyReLU(0.2))


class Encoder(nn.Module):
    """An image of ``size`` px to a map of 4x4 with ``out_channels``, by convolutions 4x4 of stride 2.

    Widths double from ``channels``; from 64 px on a convolution 3x3 then brings the last down to 8 ``channels``.
    """

    def __init__(self, channels, size, norm_cfg=BN, in_channels=3):
        super().__init__()
        widths = [in_channels] + [channels * 2**number for number in range(doublings(size))]
        layers = [leaky_block(before, after, norm_cfg if number else None, 4, 2)
                  for number, (before, after) in enumerate(zip(widths, widths[1:], strict=False))]
        while widths[-1] > 8 * channels:
            layers.append(leaky_block(widths[-1], widths[-1] // 2, norm_cfg))
            widths.append(widths[-1] // 2)
        self.layers, self.out_channels = nn.Sequential(*layers), widths[-1]

    def forward(self, images):
        return self.layers(images)


class Critic(nn.Module):
    """An image of ``size`` px to a logit (B,), positive for real."""

    def __init__(self, channels=64, size=128, norm_cfg=BN):
        super().__init__()
        self.trunk = Encoder(channels, size, norm_cfg)
        self.real = nn.Conv2d(self.trunk.out_channels, 1, 4)
        init_orthogonal(self)

    def forward(self, images):
        return self.real(self.trunk(images)).flatten()


def init_orthogonal(module):
    """The published start: orthogonal weights of convolutions and linear layers, scales of norms near 1."""
    for each in module.modules():
        if isinstance(each, (nn.Conv2d, nn.Linear)):
            nn.init.orthogonal_(each.weight)
            if each.bias is not None:
                nn.init.zeros_(each.bias)
        elif isinstance(each, nn.modules.batchnorm._BatchNorm) and each.affine:
            nn.init.normal_(each.weight, 1.0, 0.02)
            nn.init.zeros_(each.bias)
