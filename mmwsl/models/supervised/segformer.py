"""The decoder of SegFormer (Xie et al. 2021): every map by a linear layer to one width and size, and joined."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.heads.classes import OF_PIXELS, check_classes
from mmwsl.models.layers.norm import build_norm
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS


@HEADS.register_module()
class SegFormerHead(BaseModule):
    """All-MLP decoder: class scores at the size of the first, largest feature map.

    Args:
        in_channels: of all feature maps of a backbone.
        num_classes: C, with the background.
        channels: that each map is brought to.
        dropout: of channels before the scores.
        norm_cfg: of the layer that joins them.

    Raises:
        ValueError: the backbone has one map alone.
    """

    def __init__(self, in_channels, num_classes, channels=256, dropout=0.1, norm_cfg=dict(type='SyncBN'),  # noqa: B006
                 init_cfg=None):
        super().__init__(init_cfg)
        check_classes(self, num_classes, OF_PIXELS)
        if isinstance(in_channels, int) or len(in_channels) < 2:
            raise ValueError(f'SegFormerHead joins several feature maps, got channels {in_channels}; take a backbone '
                             'that returns several, such as MixTransformer')
        self.num_classes = num_classes
        self.projections = nn.ModuleList(nn.Conv2d(inputs, channels, 1) for inputs in in_channels)
        joined = nn.Conv2d(len(in_channels) * channels, channels, 1, bias=False)
        nn.init.kaiming_normal_(joined.weight, mode='fan_out', nonlinearity='relu')
        self.joined = nn.Sequential(joined, build_norm(norm_cfg, channels), nn.ReLU(inplace=True))
        self.dropout, self.scores = nn.Dropout2d(dropout), nn.Conv2d(channels, num_classes, 1)
        nn.init.normal_(self.scores.weight, std=0.01)
        nn.init.zeros_(self.scores.bias)

    def forward(self, features):
        """Logits (B, C, h, w), at least fp32, of a tuple of feature maps."""
        size = features[0].shape[2:]
        levels = [F.interpolate(projection(level), size=size, mode='bilinear', align_corners=False)
                  for projection, level in zip(self.projections, features, strict=True)]
        return upcast(self.scores(self.dropout(self.joined(torch.cat(levels[::-1], dim=1)))))
