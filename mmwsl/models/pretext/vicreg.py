"""VICReg: Variance-Invariance-Covariance Regularization (Bardes et al. 2022)."""

import torch.nn.functional as F

from mmwsl.dist import all_reduce
from mmwsl.losses import variance_and_covariance
from mmwsl.models.base import Model
from mmwsl.ops.tensors import embedding_std, upcast
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class VICReg(Model):
    """Invariance between two views, variance of every dimension, zero covariance between dimensions.

    Args:
        backbone, neck: encoder and expander.
        invariance_weight, variance_weight, covariance_weight: of the three terms (lambda, mu, nu).
        halve_variance: the variance term is the mean over the two views, as in the authors' code; False: the sum, as
            in the paper's equation 6.
    """

    def __init__(self, backbone, neck, invariance_weight=25.0, variance_weight=25.0, covariance_weight=1.0,
                 halve_variance=True, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck = self.make(neck)
        self.invariance_weight, self.covariance_weight = invariance_weight, covariance_weight
        self.variance_weight = variance_weight / 2 if halve_variance else variance_weight

    def loss(self, views, data_samples=None):
        z1, z2 = (upcast(self.neck(self.backbone(view))) for view in views)  # (B, D) each
        (variance1, covariance1), (variance2, covariance2) = (variance_and_covariance(z, all_reduce) for z in (z1, z2))
        return dict(
            loss_invariance=self.invariance_weight * F.mse_loss(z1, z2),
            loss_variance=self.variance_weight * (variance1 + variance2),
            loss_covariance=self.covariance_weight * (covariance1 + covariance2),
            embedding_std=embedding_std(z1))
