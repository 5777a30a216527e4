"""Rotation prediction, RotNet (Gidaris et al. 2018)."""

import torch

from mmwsl.augment import rotate_four
from mmwsl.models.losses.contrastive import embedding_std
from mmwsl.models.necks.mlp import pool
from mmwsl.models.pretext.base import PretextModel
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class Rotation(PretextModel):
    """Every image is seen in all four right-angled rotations, and the network names which.

    The rotation is exact and comes after cropping to a square, so no border or resampling gives it away.

    Args:
        backbone: encoder.
        head: :class:`ClassificationHead` with 4 classes.
    """

    def __init__(self, backbone, head, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = self.make(head)

    def loss(self, views, data_samples=None):
        images, labels = rotate_four(views[0])  # (4B, 3, H, W), (4B,)
        if views[0].is_contiguous(memory_format=torch.channels_last):  # turning falls back to the plain layout
            images = images.contiguous(memory_format=torch.channels_last)
        feature = pool(self.backbone(images))
        return dict(self.head.loss(feature, labels), embedding_std=embedding_std(feature.detach()))
