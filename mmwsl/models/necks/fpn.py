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
        interpolation: how a coarser map is enlarged, 'nearest' as in the paper, or 'bilinear'.
        extra_convs: the extra maps are made by 3 x 3 convolutions of stride 2 instead of leaving pixels out.
        relu: after the 3 x 3 convolution of each of the backbone's maps.

    ``forward`` takes and gives a tuple of (B, C, H, W), finest first.
    """

    def __init__(self, in_channels, out_channels=256, num_outs=5, norm_cfg=None, interpolation='nearest',
                 extra_convs=False, relu=False, init_cfg=None):
        super().__init__(init_cfg)
        if num_outs < len(in_channels):
            raise ValueError(f'FPN: {len(in_channels)} maps come in, num_outs={num_outs} is fewer; leave maps out by '
                             'the out_indices of the backbone')

        def convolution(channels, kernel, stride=1):
            conv = nn.Conv2d(channels, out_channels, kernel, stride, padding=kernel // 2, bias=norm_cfg is None)
            nn.init.kaiming_uniform_(conv.weight, a=1)
            if conv.bias is not None:
                nn.init.zeros_(conv.bias)
            return conv if norm_cfg is None else nn.Sequential(conv, build_norm(norm_cfg, out_channels))

        self.lateral = nn.ModuleList(convolution(channels, 1) for channels in in_channels)
        self.output = nn.ModuleList(convolution(out_channels, 3) for _ in in_channels)
        self.extra = nn.ModuleList(convolution(out_channels, 3, 2)
                                   for _ in range(num_outs - len(in_channels) if extra_convs else 0))
        self.num_outs, self.relu = num_outs, relu
        self.resizing = dict(mode=interpolation, **({} if interpolation == 'nearest' else dict(align_corners=False)))

    def forward(self, features):
        inner = [lateral(x) for lateral, x in zip(self.lateral, features, strict=True)]
        for level in range(len(inner) - 1, 0, -1):
            inner[level - 1] = inner[level - 1] + F.interpolate(inner[level], inner[level - 1].shape[2:],
                                                                        **self.resizing)
        outputs = [output(x) for output, x in zip(self.output, inner, strict=True)]
        if self.relu:
            outputs = [F.relu(each) for each in outputs]
        for layer in self.extra:
            outputs.append(layer(outputs[-1]))
        while len(outputs) < self.num_outs:
            outputs.append(outputs[-1][:, :, ::2, ::2])
        return tuple(outputs)
