"""Partitions of features by scikit-learn, on unit vectors and with the settings of published tables; by name."""

from collections.abc import Callable

import numpy as np

from mmwsl.clustering.cdp import by_first_member
from mmwsl.clustering.knn_graph import KNNGraph, graph_pairs, unit_rows


def kmeans_partition(features: np.ndarray, clusters: int, seed: int = 0) -> np.ndarray:
    """k-means (Lloyd) with k-means++; the number of clusters is an advantage if it is the true one: say so."""
    from sklearn.cluster import KMeans
    return KMeans(clusters, n_init=1, random_state=seed).fit_predict(features)


def minibatch_kmeans_partition(features: np.ndarray, clusters: int, batch: int = 100, seed: int = 0) -> np.ndarray:
    """k-means on mini-batches (Sculley 2010)."""
    from sklearn.cluster import MiniBatchKMeans
    return MiniBatchKMeans(clusters, batch_size=batch, n_init=1, random_state=seed).fit_predict(features)


def mean_shift_partition(features: np.ndarray, bandwidth: float) -> np.ndarray:
    """Mean shift with a flat kernel of a Euclidean radius (Comaniciu and Meer 2002)."""
    from sklearn.cluster import MeanShift
    return MeanShift(bandwidth=bandwidth).fit_predict(features)


def hac_partition(features: np.ndarray, clusters: int, graph: KNNGraph) -> np.ndarray:
    """Agglomerative clustering by Ward's criterion that merges only along edges of a kNN graph (usually k = 30)."""
    import warnings

    from sklearn.cluster import AgglomerativeClustering
    with warnings.catch_warnings():  # it joins the components of the graph where they are too many, and says so
        warnings.filterwarnings('ignore', 'the number of connected components')
        return AgglomerativeClustering(clusters, linkage='ward', connectivity=_adjacency(graph)).fit_predict(features)


def dbscan_partition(features: np.ndarray, distance: float = 0.75, min_items: int = 10) -> np.ndarray:
    """DBSCAN (Ester et al. 1996) by the Euclidean distance; -1 = noise."""
    from sklearn.cluster import DBSCAN
    return DBSCAN(eps=distance, min_samples=min_items).fit_predict(features)


def hdbscan_partition(features: np.ndarray, min_items: int = 10) -> np.ndarray:
    """HDBSCAN (Campello et al. 2013) with clusters of ``min_items`` or more; -1 = noise, as fewer items all are."""
    from sklearn.cluster import HDBSCAN
    if len(features) < min_items:
        return np.full(len(features), -1)
    return HDBSCAN(min_cluster_size=min_items, copy=True).fit_predict(features)


def spectral_partition(features: np.ndarray, clusters: int, graph: KNNGraph, seed: int = 0) -> np.ndarray:
    """Normalized cuts (Shi and Malik 2000) of a kNN graph whose edges are 1."""
    from sklearn.cluster import SpectralClustering
    method = SpectralClustering(clusters, affinity='precomputed', random_state=seed, assign_labels='kmeans', n_init=1)
    return method.fit_predict(_adjacency(graph))


METHODS: dict[str, Callable[..., np.ndarray]] = dict(
    kmeans=kmeans_partition, minibatch_kmeans=minibatch_kmeans_partition, mean_shift=mean_shift_partition,
    hac=hac_partition, dbscan=dbscan_partition, hdbscan=hdbscan_partition, spectral=spectral_partition)


def partition_features(method: str, features: np.ndarray, **settings: object) -> np.ndarray:
    """Partition N items by their features; where N clusters are asked for, each item is one.

    Args:
        method: one of :data:`METHODS`.
        features: (N, D), normalized here.
        settings: of the method's function.

    Returns:
        (N,) int64, clusters by their first members; -1 = unassigned.

    Raises:
        ValueError: an unknown method, a NaN, fewer items than clusters, or a graph of other items.
    """
    if method not in METHODS:
        raise ValueError(f'method {method!r} is unknown; choose one of {", ".join(METHODS)}')
    clusters, graph = settings.get('clusters'), settings.get('graph')
    if isinstance(clusters, int) and not 1 <= clusters <= len(features):
        raise ValueError(f'{method}: {clusters} clusters of {len(features)} items are impossible; choose 1 to '
                         f'{len(features)}')
    if isinstance(graph, KNNGraph) and len(graph.ids) != len(features):
        raise ValueError(f'{method}: the kNN graph is of {len(graph.ids)} items, the features of {len(features)}: name '
                         'those of the same items')
    if clusters == len(features):
        return np.arange(len(features))
    return by_first_member(METHODS[method](unit_rows(features).numpy(), **settings))


def _adjacency(graph: KNNGraph) -> object:
    """Symmetric sparse matrix of ones at the pairs of a graph."""
    from scipy.sparse import coo_matrix  # scikit-learn's spectral clustering asks for a matrix
    count, (source, target, _) = len(graph.ids), graph_pairs(graph)
    rows, columns = np.concatenate([source, target]), np.concatenate([target, source])
    return coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count)).tocsr()
