from .contrastive import (
    correspondence,
    cosine_regression,
    embedding_std,
    in_batch_info_nce,
    info_nce,
    normalize,
    nt_xent,
)
from .redundancy import barlow_twins, cross_correlation, variance_and_covariance

__all__ = ['barlow_twins', 'correspondence', 'cosine_regression', 'cross_correlation', 'embedding_std',
           'in_batch_info_nce', 'info_nce', 'normalize', 'nt_xent', 'variance_and_covariance']
