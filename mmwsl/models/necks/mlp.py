"""From a backbone's last map to the vector a method compares."""

import torch.nn as nn
from mmengine.model import BaseModule

from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import NECKS


def pool(x):
    """Global average of the last feature map: tuple of maps or (B, C, H, W) -> (B, C); (B, C) passes."""
    x = x[-1] if isinstance(x, (tuple, list)) else x
    return x.mean((2, 3)) if x.dim() == 4 else x


@NECKS.register_module()
class MLPNeck(BaseModule):
    """Pooling and a multi-layer perceptron: the projection and prediction heads of the Siamese methods.

    Each hidden layer is linear, norm (optional), ReLU; the last is linear, with norm if ``last_norm``. A linear layer
    that a norm follows has no bias unless ``hidden_bias`` says so.

    Args:
        in_channels, hidden_channels, out_channels: widths.
        num_layers: number of linear layers; 1 is MoCo v1's.
        norm_cfg: norm of the hidden layers, None for none (MoCo v2).
        last_norm: norm after the last layer (SimCLR); ``last_affine`` gives it scale and shift.
        hidden_bias, last_bias: biases of the linear layers.

    Returns of ``forward``: (B, out_channels).
    """

    def __init__(self, in_channels, out_channels, hidden_channels=None, num_layers=2, norm_cfg=dict(type='BN'),  # noqa: B006
                 last_norm=False, last_affine=True, hidden_bias=None, last_bias=True, init_cfg=None):
        super().__init__(init_cfg)
        if num_layers > 1 and hidden_channels is None:
            raise ValueError('MLPNeck with several layers needs hidden_channels')
        if last_norm and norm_cfg is None:
            raise ValueError('MLPNeck: last_norm=True needs a norm_cfg')
        hidden_bias = norm_cfg is None if hidden_bias is None else hidden_bias
        layers, width = [], in_channels
        for _ in range(num_layers - 1):
            layers.append(nn.Linear(width, hidden_channels, bias=hidden_bias))
            if norm_cfg is not None:
                layers.append(build_norm(norm_cfg, hidden_channels, dims=0))
            layers.append(nn.ReLU(inplace=True))
            width = hidden_channels
        layers.append(nn.Linear(width, out_channels, bias=last_bias))
        if last_norm:
            layers.append(build_norm(dict(norm_cfg, affine=last_affine), out_channels, dims=0))
        self.layers = nn.Sequential(*layers)
        self.out_channels = out_channels

    def forward(self, x):
        return self.layers(pool(x))
