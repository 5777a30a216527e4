"""Clustering of features: pure functions of tensors, on one rank or with every rank holding its own rows."""

from .agreement import normalized_mutual_information
from .cdp import SoftLabels, by_first_member, components, diffuse, propagate, vote_pairs
from .groups import Groups, find_groups
from .kmeans import KMeans, add_rows, assign, blocks, check_engine, kmeans
from .knn_graph import (
    KNNGraph,
    Pairs,
    check_graph,
    drop_self,
    exact_graph,
    exact_neighbors,
    graph_pairs,
    id_type,
    merge_neighbors,
    neighbor_recall,
    unique_pairs,
)
from .neighbors import connected_components, nearest_neighbors
from .partition_metrics import Contingency, partition_scores, partition_sizes
from .pca import replace_non_finite, whiten

__all__ = ['Contingency', 'Groups', 'KMeans', 'KNNGraph', 'Pairs', 'SoftLabels', 'add_rows', 'assign', 'blocks',
           'by_first_member', 'check_engine', 'check_graph', 'components', 'connected_components', 'diffuse',
           'drop_self', 'exact_graph', 'exact_neighbors', 'find_groups', 'graph_pairs', 'id_type', 'kmeans', 'merge_neighbors',
           'nearest_neighbors', 'neighbor_recall', 'normalized_mutual_information', 'partition_scores',
           'partition_sizes', 'propagate', 'replace_non_finite', 'unique_pairs', 'vote_pairs', 'whiten']
