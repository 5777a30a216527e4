"""UNet (Ronneberger et al. 2015): an encoder, a decoder, and a skip connection at every size."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES

WIDTHS = (1, 2, 4, 8, 8)  # of the five sizes, in base channels


def _double(in_channels, channels, norm_cfg):
    layers = []
    for width in (in_channels, channels):
        layers += [nn.Conv2d(width, channels, 3, padding=1, bias=False), build_norm(norm_cfg, channels),
                   nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


@BACKBONES.register_module()
class UNet(BaseModule):
    """Two convolutions 3x3 at each of five sizes, down by max pooling and up by linear interpolation.

    Args:
        base_channels: width at the image's own size; 2, 4, 8 and 8 times as many below. 32 in Zhan et al. 2020.
        in_channels: of the image.
        norm_cfg: norm after each convolution.

    Returns of ``forward``: a tuple of one map (B, base_channels, H, W), of any image of at least 16 pixels a side.
    """

    def __init__(self, base_channels=32, in_channels=3, norm_cfg=dict(type='BN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        widths = [base_channels * each for each in WIDTHS]
        self.down = nn.ModuleList([_double(before, width, norm_cfg)
                                   for before, width in zip([in_channels, *widths], widths, strict=False)])
        above = [widths[0], *widths[:-2]]  # what comes out of the decoder, from the top: 1, 1, 2, 4 base widths
        below = [*above[1:], widths[-1]]
        self.up = nn.ModuleList([_double(skip + lower, width, norm_cfg)
                                 for skip, lower, width in zip(widths, below, above, strict=False)])
        self.out_channels = [base_channels]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')

    def forward(self, x):
        skips = []
        for number, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if number else x)
            skips.append(x)
        for block, skip in zip(reversed(self.up), reversed(skips[:-1]), strict=True):
            x = F.interpolate(x, size=skip.shape[2:], mode='bilinear', align_corners=True)
            x = block(torch.cat([skip, x], dim=1))
        return (x,)
