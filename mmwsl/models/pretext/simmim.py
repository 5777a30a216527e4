"""SimMIM: A Simple Framework for Masked Image Modeling (Xie et al. 2022)."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import Model
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std
from mmwsl.registry import PRETEXTS


def enlarge(cells, factor):
    """Repeat each entry of (B, h, w) ``factor`` times on both axes."""
    return cells.repeat_interleave(factor, 1).repeat_interleave(factor, 2)


@PRETEXTS.register_module()
class SimMIM(Model):
    """Replace random square cells by a mask token and predict their pixels with one linear layer.

    Args:
        backbone: :class:`SwinTransformer`, or :class:`VisionTransformer` with ``out_type='map'``.
        cell_size: side of a cell in pixels (32 for images of 192), a multiple of the backbone's patches.
        mask_ratio: share of the cells that is masked, rounded up to whole cells; within (0, 1).
    """

    def __init__(self, backbone, cell_size=32, mask_ratio=0.6, **kwargs):
        super().__init__(backbone, **kwargs)
        encoder = self.backbone
        if cell_size % encoder.patch_size:
            raise ValueError(f'SimMIM: cell_size={cell_size} is not a multiple of the patches of '
                             f'{encoder.patch_size} pixels')
        if getattr(encoder, 'out_type', 'map') != 'map':
            raise ValueError(f"SimMIM needs a map, and the backbone has out_type={encoder.out_type!r}; set it to 'map'")
        if not 0 < mask_ratio < 1:
            raise ValueError(f'SimMIM: mask_ratio={mask_ratio} is a share of the cells and must lie in (0, 1)')
        self.cell_size, self.mask_ratio = cell_size, mask_ratio
        self.mask_token = nn.Parameter(nn.init.trunc_normal_(torch.empty(encoder.embed_dims), std=0.02))
        channels = encoder.patch_embed.proj.in_channels
        self.decoder = nn.Conv2d(encoder.out_channels[-1], encoder.stride**2 * channels, 1)

    def draw_mask(self, images):
        """(B, H / cell, W / cell) bool with the same number of True for each image."""
        height, width = images.shape[2:]
        if height % self.cell_size or width % self.cell_size:
            raise ValueError(f'SimMIM: views of {height} x {width} pixels do not divide into cells of '
                             f'{self.cell_size}; change the size of the views or cell_size')
        rows, columns = height // self.cell_size, width // self.cell_size
        count = math.ceil(self.mask_ratio * rows * columns)
        rank = torch.rand(len(images), rows * columns, device=images.device).argsort(dim=1).argsort(dim=1)
        return (rank < count).view(-1, rows, columns)

    def loss(self, views, data_samples=None):
        images, = views  # (B, C, H, W)
        cells = self.draw_mask(images)
        patches = enlarge(cells, self.cell_size // self.backbone.patch_size)  # (B, H / p, W / p)
        features = self.backbone(images, mask_token=self.mask_token, mask=patches)[-1]  # (B, D, H / stride, W / stride)
        prediction = F.pixel_shuffle(self.decoder(features), self.backbone.stride)  # (B, C, H, W)
        masked = enlarge(cells, self.cell_size)[:, None].to(images.dtype)  # (B, 1, H, W)
        error = (prediction - images).abs()  # in fp32, that of the images
        loss = (error * masked).sum() / (masked.sum() + 1e-5) / images.shape[1]  # a mean over masked values
        return dict(loss=loss, embedding_std=embedding_std(pool(features)))
