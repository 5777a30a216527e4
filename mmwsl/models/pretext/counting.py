"""Learning to count (Noroozi et al. 2017)."""

import torch
import torch.nn.functional as F

from mmwsl.augment import jigsaw_patches
from mmwsl.dist import all_gather, rank, world_size
from mmwsl.models.base import Model
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std, keep_format, upcast
from mmwsl.registry import PRETEXTS


def downsample(images, size, generator=None):
    """Shrink each image (B, C, H, W) to ``size`` x ``size`` with a kernel drawn at random: box, linear or cubic.

    One kernel for all would leave a trace by which the network could tell a shrunken image from a tile.
    """
    kinds = torch.randint(3, (len(images), 1, 1, 1), device=images.device, generator=generator)
    area = F.interpolate(images, size, mode='area')
    linear, cubic = (F.interpolate(images, size, mode=mode, antialias=True, align_corners=False)
                     for mode in ('bilinear', 'bicubic'))
    return torch.where(kinds == 0, area, torch.where(kinds == 1, linear, cubic))


def counting_loss(whole, total, other, margin=10.0):
    """The two terms of equation 5: an image's counts equal the sum over its tiles, and differ from another image's.

    Args:
        whole: (B, K) counts of the shrunken images.
        total: (B, K) sums over the tiles of the same images.
        other: (B, K) counts of shrunken other images.
        margin: M, where the squared distance of another image is large enough.

    Returns:
        tuple: mean of ``|whole - total|^2``, and of ``max(0, M - |other - total|^2)``; the norms run over all K counts.
    """
    equal = (whole - total).square().sum(1)
    unlike = (margin - (other - total).square().sum(1)).clamp(min=0)
    return equal.mean(), unlike.mean()


@PRETEXTS.register_module()
class Counting(Model):
    """An image's counts equal the sum over its four quarters.

    The network counts K things in the image shrunk to half its side and in its four tiles, all of one size. That other
    images should have other counts keeps them from being 0.

    Args:
        backbone: encoder.
        neck: to K counts, :class:`MLPNeck` without a norm at its end; a ReLU follows.
        tile_size: side in pixels of a tile and of the shrunken image. Half of the image's side, or less: then each
            tile lies at a random position in its quarter.
        margin: M of the contrastive term.
    """

    def __init__(self, backbone, neck, tile_size, margin=10.0, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck = self.make(neck)
        self.tile_size, self.margin = tile_size, margin

    def loss(self, views, data_samples=None):
        images = views[0]
        tiles = jigsaw_patches(images, 2, self.tile_size)  # (B, 4, 3, t, t)
        inputs = torch.cat([downsample(images, self.tile_size)[:, None], tiles], dim=1).flatten(0, 1)  # (5B, 3, t, t)
        inputs = keep_format(inputs, images)
        feature = pool(self.backbone(inputs))
        counts = self.neck(feature)
        counts = torch.relu(upcast(counts)).unflatten(0, (-1, 5))
        whole, total = counts[:, 0], counts[:, 1:].sum(1)  # (B, K) each
        everyone = all_gather(whole)  # (W B, K)
        if len(everyone) < 2:
            raise ValueError('counting compares an image with another one: the batch needs at least 2 images')
        other = everyone.roll(-1, 0).chunk(world_size())[rank()]  # the next image of the global batch
        equal, unlike = counting_loss(whole, total, other, self.margin)
        return dict(loss_equal=equal, loss_unlike=unlike, count=whole.detach().norm(dim=1).mean(),
                    embedding_std=embedding_std(feature))
