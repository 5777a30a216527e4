"""The decoder of UPerNet (Xiao et al. 2018, arXiv:1807.10221): a pooling pyramid and a feature pyramid, fused."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.heads.classes import OF_PIXELS, check_classes
from mmwsl.models.layers.norm import build_norm
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS


def _convolution(inputs, outputs, kernel, norm_cfg):
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
    return nn.Sequential(conv, build_norm(norm_cfg, outputs), nn.ReLU(inplace=True))


def _enlarge(maps, size):
    return F.interpolate(maps, size=size, mode='bilinear', align_corners=False)


class PyramidPooling(nn.Module):
    """PPM: the map beside its means over grids of several sizes, joined by a 3 x 3 convolution.

    The norm of the coarsest grid has one value an image, so that a batch in training must have two images or more.
    """

    def __init__(self, inputs, channels, grids, norm_cfg):
        super().__init__()
        self.grids = tuple(grids)
        self.branches = nn.ModuleList(_convolution(inputs, channels, 1, norm_cfg) for _ in grids)
        self.joined = _convolution(inputs + len(grids) * channels, channels, 3, norm_cfg)

    def forward(self, x):
        pooled = [_enlarge(branch(F.adaptive_avg_pool2d(x, grid)), x.shape[2:])
                  for grid, branch in zip(self.grids, self.branches, strict=True)]
        return self.joined(torch.cat([x, *pooled], dim=1))


@HEADS.register_module()
class UPerNetHead(BaseModule):
    """Class scores at the size of the first, largest feature map, of all maps of a backbone.

    Args:
        in_channels: of all feature maps of a backbone.
        num_classes: C, with the background.
        channels: of every level.
        grids: of the pooling pyramid on the last map.
        dropout: of channels before the scores.
        norm_cfg: of the convolutions.

    Raises:
        ValueError: the backbone has one map alone.
    """

    def __init__(self, in_channels, num_classes, channels=512, grids=(1, 2, 3, 6), dropout=0.1,
                 norm_cfg=dict(type='SyncBN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        check_classes(self, num_classes, OF_PIXELS)
        if isinstance(in_channels, int) or len(in_channels) < 2:
            raise ValueError(f'UPerNetHead joins several feature maps, got channels {in_channels}; set out_indices of '
                             'the backbone to several of its stages')
        self.num_classes = num_classes
        self.pyramid = PyramidPooling(in_channels[-1], channels, grids, norm_cfg)
        self.lateral = nn.ModuleList(_convolution(inputs, channels, 1, norm_cfg) for inputs in in_channels[:-1])
        self.smooth = nn.ModuleList(_convolution(channels, channels, 3, norm_cfg) for _ in in_channels[:-1])
        self.fused = _convolution(len(in_channels) * channels, channels, 3, norm_cfg)
        self.dropout, self.scores = nn.Dropout2d(dropout), nn.Conv2d(channels, num_classes, 1)
        nn.init.normal_(self.scores.weight, std=0.01)
        nn.init.zeros_(self.scores.bias)

    def forward(self, features):
        """Logits (B, C, h, w), at least fp32, of a tuple of feature maps."""
        levels = [lateral(level) for lateral, level in zip(self.lateral, features[:-1], strict=True)]
        levels.append(self.pyramid(features[-1]))
        for number in range(len(levels) - 1, 0, -1):  # from the smallest map down
            levels[number - 1] = levels[number - 1] + _enlarge(levels[number], levels[number - 1].shape[2:])
        smooth = [layer(level) for layer, level in zip(self.smooth, levels[:-1], strict=True)] + levels[-1:]
        fused = self.fused(torch.cat([_enlarge(level, smooth[0].shape[2:]) for level in smooth], dim=1))
        return upcast(self.scores(self.dropout(fused)))
