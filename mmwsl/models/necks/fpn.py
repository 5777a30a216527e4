"""Feature pyramid (Lin et al. 2017)."""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import NECKS


@NECKS.register_module()
class FPN(BaseModule):
    """Lateral 1x1 convolutions, top-down addition, extra coarse levels.

    Args:
        in_channels: of the feature maps of the backbone, finest first.
        out_channels: of all maps that come out.
        num_outs: how many maps; those beyond the backbone's halve the last one.
        norm_cfg: after each convolution; None for none, as in the paper.

    ``forward`` takes and gives a tuple of (B, C, H, W), finest first.
    """

    def __init__(self, in_channels, out_channels=256, num_outs=5, norm_cfg=None, init_cfg=None):
        super().__init__(init_cfg)
        if num_outs < len(in_channels):
            raise ValueError(f'FPN: {len(in_channels)} maps come in, num_outs={num_outs} is fewer; leave maps out by '
                             'the out_indices of the backbone')

        def convolution(channels, kernel):
            conv = nn.Conv2d(channels, out_channels, kernel, padding=kernel // 2, bias=norm_cfg is None)
            nn.init.kaiming_uniform_(conv.weight, a=1)
            if conv.bias is not None:
                nn.init.zeros_(conv.bias)
            return conv if norm_cfg is None else nn.Sequential(conv, build_norm(norm_cfg, out_channels))

        self.lateral = nn.ModuleList(convolution(channels, 1) for channels in in_channels)
        self.output = nn.ModuleList(convolution(out_channels, 3) for _ in in_channels)
        self.num_outs = num_outs

    def forward(self, features):
        inner = [lateral(x) for lateral, x in zip(self.lateral, features, strict=True)]
        for level in range(len(inner) - 1, 0, -1):
            inner[level - 1] = inner[level - 1] + F.interpolate(inner[level], size=inner[level - 1].shape[2:])
        outputs = [output(x) for output, x in zip(self.output, inner, strict=True)]
        while len(outputs) < self.num_outs:
            outputs.append(outputs[-1][:, :, ::2, ::2])
        return tuple(outputs)
