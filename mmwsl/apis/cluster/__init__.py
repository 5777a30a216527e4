"""Clustering to millions of items: one command in stages, indexes of neighbors by faiss, new items for old clusters."""

from .extend import extend_clusters
from .neighbors import INDEXES, build_graph, choose_index
from .run import cluster

__all__ = ['INDEXES', 'build_graph', 'choose_index', 'cluster', 'extend_clusters']
