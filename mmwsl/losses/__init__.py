"""Losses: pure functions of tensors; what ranks share (their number, totals) comes in as an argument."""

from .contrastive import correspondence, cosine_regression, in_batch_info_nce, info_nce, nt_xent
from .redundancy import barlow_twins, cross_correlation, variance_and_covariance
from .reweighted import cluster_weights, reweighted_cross_entropy

__all__ = ['barlow_twins', 'cluster_weights', 'correspondence', 'cosine_regression', 'cross_correlation',
           'in_batch_info_nce', 'info_nce', 'nt_xent', 'reweighted_cross_entropy', 'variance_and_covariance']
