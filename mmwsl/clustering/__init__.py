"""Clustering of features: pure functions of tensors, on one rank or with every rank holding its own rows."""

from .agreement import normalized_mutual_information
from .groups import Groups, find_groups
from .kmeans import KMeans, add_rows, assign, blocks, check_engine, kmeans
from .neighbors import connected_components, nearest_neighbors
from .partition_metrics import Contingency, partition_scores, partition_sizes
from .pca import replace_non_finite, whiten

__all__ = ['Contingency', 'Groups', 'KMeans', 'add_rows', 'assign', 'blocks', 'check_engine', 'connected_components',
           'find_groups', 'kmeans', 'nearest_neighbors', 'normalized_mutual_information', 'partition_scores',
           'partition_sizes', 'replace_non_finite', 'whiten']
