"""Relative location of patches, context prediction (Doersch et al. 2015)."""

import torch
import torch.nn as nn
from mmengine.model import BaseModule

from mmwsl.augment import jigsaw_patches
from mmwsl.models.base import Model
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std, keep_format
from mmwsl.registry import NECKS, PRETEXTS


@NECKS.register_module()
class PairNeck(BaseModule):
    """Linear, norm, ReLU and dropout over the concatenated features of two patches, (B, in_channels) in.

    The weights start from N(0, .005). There is no bias: the norm would take it away again.

    Args:
        in_channels: width of the two features together.
        out_channels: width of the result.
        dropout: share of units dropped.
        norm_cfg: config of the norm.
    """

    def __init__(self, in_channels, out_channels, dropout=0.5, norm_cfg=dict(type='BN', momentum=0.003),  # noqa: B006
                 init_cfg=None):
        super().__init__(init_cfg)
        self.linear = nn.Linear(in_channels, out_channels, bias=False)
        nn.init.normal_(self.linear.weight, std=0.005)
        self.norm = build_norm(norm_cfg, out_channels, dims=0)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.dropout(torch.relu(self.norm(self.linear(x))))


@PRETEXTS.register_module()
class RelativeLocation(Model):
    """Classify at which of eight positions around the centre patch a second patch lies.

    Against shortcuts, patches are smaller than the cells of their 3 x 3 grid and randomly placed in them (gap and
    jitter), and may be standardised one by one. Chromatic aberration is hidden by views without colour.

    Args:
        backbone: encoder of a patch.
        neck: :class:`PairNeck`.
        head: :class:`ClassificationHead` with 8 classes.
        patch_size: side of a patch in pixels; a cell has a third of the image's side.
        normalize_patches: standardise each patch by its own mean and deviation.
    """

    def __init__(self, backbone, neck, head, patch_size, normalize_patches=False, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck, self.head = self.make(neck), self.make(head)
        self.patch_size, self.normalize_patches = patch_size, normalize_patches
        if self.head.classifier.out_features != 8:
            raise ValueError(f'a patch has 8 neighbours, but the head has {self.head.classifier.out_features} classes; '
                             'set head.num_classes to 8')

    def loss(self, views, data_samples=None):
        images = views[0]
        patches = jigsaw_patches(images, 3, self.patch_size, normalize=self.normalize_patches).flatten(0, 1)
        feature = pool(self.backbone(keep_format(patches, images))).unflatten(0, (-1, 9))  # (B, 9, C)
        neighbors = torch.cat([feature[:, :4], feature[:, 5:]], dim=1)  # (B, 8, C) row by row, without the centre
        pairs = torch.cat([neighbors, feature[:, 4:5].expand_as(neighbors)], dim=2).flatten(0, 1)  # (8B, 2C)
        labels = torch.arange(8, device=images.device).repeat(len(images))
        return dict(self.head.loss(self.neck(pairs), labels), embedding_std=embedding_std(feature[:, 4]))
