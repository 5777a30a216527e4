"""Clustering of features: pure functions of tensors, on one rank or with every rank holding its own rows."""

from .agreement import normalized_mutual_information
from .groups import Groups, find_groups
from .kmeans import KMeans, add_rows, assign, blocks, check_engine, kmeans
from .mixture import Mixture, fit_mixture, outer_limits, separating_value
from .neighbors import connected_components, nearest_neighbors
from .pca import replace_non_finite, whiten

__all__ = ['Groups', 'KMeans', 'Mixture', 'add_rows', 'assign', 'blocks', 'check_engine', 'connected_components',
           'find_groups', 'fit_mixture', 'kmeans', 'nearest_neighbors', 'normalized_mutual_information', 'outer_limits',
           'replace_non_finite', 'separating_value', 'whiten']
