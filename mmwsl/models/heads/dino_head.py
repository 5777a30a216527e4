"""DINO's projection head."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.layers.norm import build_norm
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import normalize
from mmwsl.registry import HEADS


class WeightNormLinear(nn.Module):
    """Linear layer without bias whose rows have length 1, or the length ``gain`` if that is learned.

    The product is taken in fp32 at least, under autocast too.
    """

    def __init__(self, in_channels, out_channels, learn_gain=False):
        super().__init__()
        self.weight = nn.Linear(in_channels, out_channels, bias=False).weight
        self.gain = nn.Parameter(torch.ones(out_channels, 1)) if learn_gain else None

    def forward(self, x):
        with torch.autocast(x.device.type, enabled=False):
            rows = normalize(self.weight)
            return F.linear(x, rows if self.gain is None else rows * self.gain)


@HEADS.register_module()
class DINOHead(BaseModule):
    """Pooling, bottleneck MLP, l2 normalisation and weight-normalised prototypes (Caron et al. 2021, sec. 3.1).

    Args:
        in_channels, hidden_channels: widths.
        bottleneck_channels: width of the last layer of the MLP, whose output is normalised to length 1.
        out_channels: number of prototypes K.
        num_layers: linear layers of the MLP, the bottleneck included.
        norm_cfg: norm of the hidden layers; None, as published for transformers, for none.
        learn_gain: let the prototypes' lengths be learned (better for ViT-S, unstable for larger ones; paper).

    Returns of ``forward``: scores (B, K), fp32 at least.
    """

    def __init__(self, in_channels, out_channels=65536, hidden_channels=2048, bottleneck_channels=256, num_layers=3,
                 norm_cfg=None, learn_gain=False, init_cfg=None):
        super().__init__(init_cfg)
        layers, width = [], in_channels
        for _ in range(num_layers - 1):
            layers.append(nn.Linear(width, hidden_channels))
            if norm_cfg is not None:
                layers.append(build_norm(norm_cfg, hidden_channels, dims=0))
            layers.append(nn.GELU())
            width = hidden_channels
        layers.append(nn.Linear(width, bottleneck_channels))
        for layer in layers:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)
        self.layers = nn.Sequential(*layers)
        self.last = WeightNormLinear(bottleneck_channels, out_channels, learn_gain)
        self.out_channels = out_channels

    def forward(self, x):
        return self.last(normalize(self.layers(pool(x))))
