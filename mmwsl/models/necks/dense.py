"""DenseCL's neck: a global vector and a vector per position."""

import torch.nn as nn
from mmengine.model import BaseModule

from mmwsl.models.necks.mlp import MLPNeck
from mmwsl.registry import NECKS


@NECKS.register_module()
class DenseNeck(BaseModule):
    """Global MLP on the pooled feature map and dense MLP, of the same widths, per position (Wang et al. 2021, fig. 1b).

    Args:
        in_channels, hidden_channels, out_channels: widths of both.

    Returns of ``forward`` for a map (B, C, H, W), or a tuple of them that ends in one: (B, out_channels), and
    (B, out_channels, H W).
    """

    def __init__(self, in_channels, hidden_channels, out_channels, init_cfg=None):
        super().__init__(init_cfg)
        self.vector = MLPNeck(in_channels, out_channels, hidden_channels, norm_cfg=None)
        self.dense = nn.Sequential(nn.Conv2d(in_channels, hidden_channels, 1), nn.ReLU(inplace=True),
                                   nn.Conv2d(hidden_channels, out_channels, 1))

    def forward(self, x):
        x = x[-1] if isinstance(x, (tuple, list)) else x
        if x.dim() != 4:
            raise ValueError(f'DenseNeck needs a map (B, C, H, W), got shape {tuple(x.shape)}; take a backbone that '
                             'returns one')
        return self.vector(x), self.dense(x).flatten(2)
