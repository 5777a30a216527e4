"""Clustering to millions of items: one command in stages, indexes of neighbors by faiss, new items for old clusters."""

from .components import ENGINES, components
from .edges import merge_topk, open_edges, write_edges
from .extend import extend_clusters
from .neighbors import INDEXES, build_graph, choose_index
from .run import cluster

__all__ = ['ENGINES', 'INDEXES', 'build_graph', 'choose_index', 'cluster', 'components', 'extend_clusters',
           'merge_topk', 'open_edges', 'write_edges']
