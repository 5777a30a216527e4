"""SimCLR: A Simple Framework for Contrastive Learning (Chen et al. 2020)."""

import torch

from mmwsl.dist import all_gather, rank
from mmwsl.losses import nt_xent
from mmwsl.models.base import Model
from mmwsl.ops.tensors import embedding_std, normalize
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class SimCLR(Model):
    """NT-Xent: match the two views of an image against all other views of the global batch.

    Args:
        backbone: encoder f.
        neck: projection head g, :class:`MLPNeck`.
        temperature: T of NT-Xent (0.1 on ImageNet, 0.5 on CIFAR-10).
    """

    def __init__(self, backbone, neck, temperature=0.1, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck = self.make(neck)
        self.temperature = temperature

    def loss(self, views, data_samples=None):
        first, second = views  # (B, 3, H, W) each
        z = normalize(self.neck(self.backbone(torch.cat([first, second]))))  # (2B, D): BN sees both views
        z1, z2 = z.chunk(2)
        loss = nt_xent(z1, z2, all_gather(z1), all_gather(z2), self.temperature, rank())
        return dict(loss=loss, embedding_std=embedding_std(z1))
