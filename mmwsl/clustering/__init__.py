"""Clustering of features: pure functions of tensors, on one rank or with every rank holding its own rows."""

from .agreement import normalized_mutual_information
from .kmeans import KMeans, add_rows, assign, blocks, check_engine, kmeans
from .pca import replace_non_finite, whiten

__all__ = ['KMeans', 'add_rows', 'assign', 'blocks', 'check_engine', 'kmeans', 'normalized_mutual_information',
           'replace_non_finite', 'whiten']
