"""Clustering of features: pure functions of tensors, on one rank or with every rank holding its own rows."""

from .agreement import normalized_mutual_information
from .cdp import by_first_member, components, propagate, vote_pairs
from .cleaning import KEPT, LONELY, MISLABELED, WEAK, find_unclean
from .diffusion import SoftLabels, diffuse
from .extend import extend_partition
from .feature_methods import METHODS, partition_features
from .graph_methods import approximate_rank_order, chinese_whispers, graph_dbscan, single_linkage
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
from .mixture import Mixture, fit_mixture, outer_limits, separating_value
from .neighbors import connected_components, nearest_neighbors
from .partition_metrics import Contingency, partition_scores, partition_sizes
from .pca import replace_non_finite, whiten

__all__ = ['Contingency', 'Groups', 'KEPT', 'KMeans', 'KNNGraph', 'LONELY', 'METHODS', 'MISLABELED', 'Mixture',
           'Pairs', 'SoftLabels', 'WEAK', 'add_rows', 'approximate_rank_order', 'assign', 'blocks', 'by_first_member',
           'check_engine', 'check_graph', 'chinese_whispers', 'components', 'connected_components', 'diffuse',
           'drop_self', 'exact_graph', 'exact_neighbors', 'extend_partition', 'find_groups', 'find_unclean',
           'fit_mixture', 'graph_dbscan', 'graph_pairs', 'id_type', 'kmeans', 'merge_neighbors', 'nearest_neighbors',
           'neighbor_recall', 'normalized_mutual_information', 'outer_limits', 'partition_features',
           'partition_scores', 'partition_sizes', 'propagate', 'replace_non_finite', 'separating_value',
           'single_linkage', 'unique_pairs', 'vote_pairs', 'whiten']
