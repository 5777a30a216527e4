"""BigGAN's discriminator (Brock et al. 2019): residual blocks, and a projection on the class (Miyato, Koyama 2018)."""

import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.generative.biggan_layers import SelfAttention, check_size, conv, spectral
from mmwsl.registry import MODELS

# after each block, in multiples of ``channels``, by the side of the images
WIDTHS = {32: (4, 4, 4, 4), 64: (1, 2, 4, 8, 16), 128: (1, 2, 4, 8, 16, 16), 256: (1, 2, 4, 8, 8, 16, 16)}
KEPT = {32: 2, 64: 1, 128: 1, 256: 1}  # the last so many blocks keep the size


class DiscriminatorBlock(nn.Module):
    """(B, C, H, W) to (B, C', H/2, W/2): ReLU (not ``first``), convolution, ReLU, convolution, mean of 2x2.

    Not ``halve``: of the size that it had. The way around is a convolution 1x1 and the mean, ``first`` in the other
    order, and nothing at all where neither width nor size changes.
    """

    def __init__(self, in_channels, out_channels, first, halve):
        super().__init__()
        self.first, self.halve = first, halve
        self.conv1, self.conv2 = conv(in_channels, out_channels), conv(out_channels, out_channels)
        changes = halve or in_channels != out_channels
        self.shortcut = conv(in_channels, out_channels, 1) if changes else nn.Identity()

    def _pool(self, x):
        return F.avg_pool2d(x, 2) if self.halve else x

    def forward(self, x):
        y = self._pool(self.conv2(F.relu(self.conv1(x if self.first else F.relu(x)))))
        return y + (self.shortcut(self._pool(x)) if self.first else self._pool(self.shortcut(x)))


class SumOfActivations(nn.Module):
    """ReLU, and the sum over all places: (B, C, H, W) to (B, C)."""

    def forward(self, x):
        return F.relu(x).sum((2, 3))


@MODELS.register_module()
class BigGANDiscriminator(nn.Module):
    """An image and its class to a logit, high for real.

    Args:
        num_classes: C.
        channels: width after the first block.
        size: side of the images; 32, 64, 128 or 256.
        attention: side of the map after which self-attention follows; where no map has it there is none.

    Attributes:
        layers: blocks, attention, and the sum at the end, one after another.

    Raises:
        ValueError: another ``size``.
    """

    def __init__(self, num_classes=1000, channels=96, size=256, attention=64):
        super().__init__()
        check_size('BigGANDiscriminator', size, WIDTHS)
        layers, width, side = [], 3, size
        for number, multiple in enumerate(WIDTHS[size]):
            halve = number < len(WIDTHS[size]) - KEPT[size]
            layers.append(DiscriminatorBlock(width, multiple * channels, number == 0, halve))
            width, side = multiple * channels, side // 2 if halve else side
            if side == attention and halve:
                layers.append(SelfAttention(width))
        self.layers = nn.Sequential(*layers, SumOfActivations())
        self.real, self.classes = spectral(nn.Linear(width, 1)), spectral(nn.Embedding(num_classes, width))

    def forward(self, images, labels):
        """(B, 3, H, W) and (B,) int64 -> logits (B,)."""
        x = self.layers(images)
        return self.real(x).flatten() + (self.classes(labels) * x).sum(1)
