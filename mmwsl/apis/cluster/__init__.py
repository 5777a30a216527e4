"""Clustering to millions of items: indexes of neighbors by faiss, chosen by the number of items, with their recall."""

from .neighbors import INDEXES, build_graph, choose_index

__all__ = ['INDEXES', 'build_graph', 'choose_index']
