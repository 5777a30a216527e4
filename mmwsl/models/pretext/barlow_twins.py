"""Barlow Twins: Self-Supervised Learning via Redundancy Reduction (Zbontar et al. 2021)."""

from mmwsl.dist import all_reduce
from mmwsl.losses import barlow_twins
from mmwsl.models.base import Model
from mmwsl.ops.tensors import embedding_std
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class BarlowTwins(Model):
    """Pull the cross-correlation matrix of two views' embeddings, over the global batch, to the identity.

    Args:
        backbone, neck: encoder and projector; the last layer has neither norm nor bias, as the correlation normalises.
        off_diagonal_weight: lambda.
        loss_weight: factor of the whole loss. Its gradient is exact here, whatever the number of ranks W. The authors'
            code sums the correlation over ranks without a gradient, so it trains with 1/W of it; ``loss_weight`` = 1/W
            reproduces that, and with it the published learning rate of what LARS does not adapt (norms and biases).
    """

    def __init__(self, backbone, neck, off_diagonal_weight=0.0051, loss_weight=1.0, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck = self.make(neck)
        self.off_diagonal_weight, self.loss_weight = off_diagonal_weight, loss_weight

    def loss(self, views, data_samples=None):
        z1, z2 = (self.neck(self.backbone(view)) for view in views)  # (B, D) each, BN statistics per view
        on_diagonal, off_diagonal = barlow_twins(z1, z2, all_reduce)
        return dict(
            loss_on_diagonal=self.loss_weight * on_diagonal,
            loss_off_diagonal=self.loss_weight * self.off_diagonal_weight * off_diagonal,
            embedding_std=embedding_std(z1))
