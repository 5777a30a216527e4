"""A perceptron as the backbone of what learns from features instead of images."""

import torch.nn as nn
from mmengine.model import BaseModule

from mmwsl.registry import BACKBONES


@BACKBONES.register_module()
class Perceptron(BaseModule):
    """Layers of a linear map, batch norm and ReLU on rows of features.

    Args:
        in_channels: D of the features.
        channels: width of each layer.

    Returns of ``forward``: tuple of (B, C_i), one a layer. ``out_channels`` lists C_i.
    """

    def __init__(self, in_channels, channels=(512,), init_cfg=None):
        super().__init__(init_cfg)
        self.out_channels = list(channels)
        widths = [in_channels, *channels]
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(*pair, bias=False), nn.BatchNorm1d(pair[1]), nn.ReLU())
            for pair in zip(widths, widths[1:], strict=False))

    def forward(self, x):
        """(B, D) -> tuple of (B, C_i), 0 or more."""
        levels = []
        for layer in self.layers:
            x = layer(x)
            levels.append(x)
        return tuple(levels)
