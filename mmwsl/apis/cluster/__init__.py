"""Clustering to millions of items: indexes of neighbors by faiss, chosen by the number of items, with their recall."""

from .components import ENGINES, components
from .edges import merge_topk, open_edges, write_edges
from .neighbors import INDEXES, build_graph, choose_index

__all__ = ['ENGINES', 'INDEXES', 'build_graph', 'choose_index', 'components', 'merge_topk', 'open_edges', 'write_edges']
