from .contrastive import cosine_regression, embedding_std, info_nce, normalize, nt_xent

__all__ = ['cosine_regression', 'embedding_std', 'info_nce', 'normalize', 'nt_xent']
