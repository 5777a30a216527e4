"""Clustering of features: pure functions of tensors, on one rank or with every rank holding its own rows."""

from .agreement import normalized_mutual_information
from .kmeans import KMeans, add_rows, assign, blocks, check_engine, kmeans
from .pca import replace_non_finite, whiten
from .ranks import assemble, from_first_rank, sum_over_ranks

__all__ = ['KMeans', 'add_rows', 'assemble', 'assign', 'blocks', 'check_engine', 'from_first_rank', 'kmeans',
           'normalized_mutual_information', 'replace_non_finite', 'sum_over_ranks', 'whiten']
