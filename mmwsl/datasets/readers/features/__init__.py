"""Features, classes and kNN graphs of any items, as files that are mapped into memory rather than read."""

from .arrays import open_features, read_labels
from .graphs import export_learn_to_cluster, import_learn_to_cluster, open_graph, write_graph

__all__ = ['export_learn_to_cluster', 'import_learn_to_cluster', 'open_features', 'open_graph', 'read_labels',
           'write_graph']
